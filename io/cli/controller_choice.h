/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Choose and open the controller of a command.
 *
 * With `auto` an existing interface decides: kernel if its kind is wireguard, userspace if its
 * socket answers. Without an interface it is kernel if the kernel has WireGuard, else userspace if
 * wireguard-go is installed.
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

/* Returns 0, or a negative errno whose text names what is missing and how to install it. */
int controller_open(enum controller_choice choice, const char *interface,
	struct controller_handle *ret, struct diag *diag);
/* A zeroed struct is allowed. */
void controller_close(struct controller_handle *handle);
