/*
 * Which controller a command works with.
 */
#pragma once

#include "controller.h"
#include "options.h"
#include "sim_controller.h"
#include "userspace_controller.h"

struct controller_handle {
	struct controller controller;
	const char *name; /* "userspace" or "sim"; NULL: not open */
	struct userspace_controller userspace;
	struct sim_controller sim;
};

/* `auto`: what is installed. Returns 0, or a negative errno with what is missing. */
int controller_open(enum controller_choice choice, const char *interface,
	struct controller_handle *ret, struct diag *diag);
/* The zero state is fine. */
void controller_close(struct controller_handle *handle);
