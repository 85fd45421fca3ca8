/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Print what a plan would change, or what `apply` has changed, as text or as JSON.
 */
#pragma once

#include "plan.h"
#include "route_plan.h"

#include <stdio.h>

struct peer_op_result;

/* Warnings to print with a report. They do not affect the exit status. */
struct warnings {
	char **texts;
	size_t count;
	size_t capacity;
};

/* Returns 0 or -ENOMEM. */
int warnings_add(struct warnings *warnings, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Add a warning for each conflict, and one for all withheld removals. Returns 0 or -ENOMEM. */
int warnings_add_plan(struct warnings *warnings, const struct plan *plan);
/*
 * Add a warning for each route that is not set, but only one for all IPv6 routes if the interface
 * cannot have any. Returns 0 or -ENOMEM.
 */
int warnings_add_refusals(struct warnings *warnings, const struct route_plan *routes);
void warnings_clear(struct warnings *warnings);

struct change_report {
	const char *interface;
	enum interface_action setup[INTERFACE_ACTION_COUNT];
	size_t setup_count;
	const struct plan *plan;
	const struct peer_op_result *results; /* NULL: nothing was executed */
	const struct route_plan *routes;      /* NULL: routes are not managed */
	const struct warnings *warnings;
};

/* Whether there is nothing to change. */
bool change_report_is_empty(const struct change_report *report);
void change_report_print(FILE *out, const struct change_report *report);
/* Returns 0 or -ENOMEM. */
int change_report_print_json(FILE *out, const struct change_report *report);
