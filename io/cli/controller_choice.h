/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which controller a command works with.
 *
 * `auto` lets an interface that exists decide: one of kind wireguard is the kernel's, one whose
 * socket answers a userspace program's. Else it is the kernel if that has WireGuard, else userspace
 * if a program for it is installed.
 */
#pragma once

#include "controller.h"
#include "kernel_controller.h"
#include "options.h"
#include "sim_controller.h"
#include "userspace_controller.h"

struct controller_handle {
	struct controller controller;
	enum controller_choice choice; /* never CONTROLLER_AUTO once open */
	const char *name;              /* of the choice; NULL: not open */
	struct kernel_controller kernel;
	struct userspace_controller userspace;
	struct sim_controller sim;
};

/* Returns 0, or a negative errno with what is missing and how to get it. */
int controller_open(enum controller_choice choice, const char *interface,
	struct controller_handle *ret, struct diag *diag);
/* The zero state is fine. */
void controller_close(struct controller_handle *handle);
