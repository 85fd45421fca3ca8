/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every controller must do, as one list of checks: the sim and the implementations that touch
 * a system pass the same ones, so that replay tells the truth about them.
 */
#pragma once

#include "controller.h"

#include <stdbool.h>
#include <stddef.h>

/* What somebody else does to the link, behind the controller's back. NULL where that cannot be. */
struct contract_hooks {
	bool (*add_address)(void *impl, const char *name, const struct prefix *address);
	bool (*set_down)(void *impl, const char *name);
	/* A link of that name that is no WireGuard interface. */
	bool (*add_foreign_link)(void *impl, const char *name);
	bool (*remove_foreign_link)(void *impl, const char *name);
	/* The link gets another name, and this one as an alternative name; and back. */
	bool (*make_name_alternative)(void *impl, const char *name);
	bool (*make_name_own)(void *impl, const char *name);
	void *impl;
};

struct contract_bed {
	struct controller controller;
	const char *interface; /* a name that nothing has before and after each check */
	struct contract_hooks hooks;
	size_t many_peers; /* how many peers are many here */
};

/* Runs all checks under cmocka as `group`. Returns how many failed. */
int contract_run(const char *group, const struct contract_bed *bed);
