/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every controller must do, as one list of checks. The sim and the controllers of real systems
 * pass the same checks, so that a replay is true for both.
 */
#pragma once

#include "controller.h"

#include <stdbool.h>
#include <stddef.h>

/* What another program does to the link. NULL where it cannot be done. */
struct contract_hooks {
	bool (*add_address)(void *impl, const char *name, const struct prefix *address);
	bool (*set_down)(void *impl, const char *name);
	/* A link of that name that is no WireGuard interface. */
	bool (*add_foreign_link)(void *impl, const char *name);
	bool (*remove_foreign_link)(void *impl, const char *name);
	/* Give the link another name, and this one as an alternative name; and back. */
	bool (*make_name_alternative)(void *impl, const char *name);
	bool (*make_name_own)(void *impl, const char *name);
	void *impl;
};

struct contract_bed {
	struct controller controller;
	const char *interface; /* a name that is free before and after each check */
	struct contract_hooks hooks;
	size_t many_peers; /* the number of peers in tests of many */
};

/* Run all checks under cmocka as `group`. Returns how many failed. */
int contract_run(const char *group, const struct contract_bed *bed);
