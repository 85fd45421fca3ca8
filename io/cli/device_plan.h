/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compute a plan for a device as a newly started process does: without an endpoint history, and
 * with the interface as it is.
 */
#pragma once

#include "change_report.h"
#include "controller.h"
#include "identity.h"
#include "interface_config.h"
#include "route_plan.h"
#include "state_document.h"

struct device_plan_input {
	const struct device *device;
	bool exists;        /* otherwise `device` is empty */
	bool link_is_known; /* addresses, MTU and link state were read */
	const struct interface_config *config;
	const struct identity *identity;
	const struct state_document *document;
	struct router router; /* `ops` NULL: routes are not managed */
	struct route_policy route_policy;
};

struct device_plan {
	struct plan plan;
	struct route_plan routes;
	struct change_report report; /* borrows from the rest */
};

/* Read a device; a missing interface is an empty device. Returns 0 or a negative errno. */
int device_plan_read(const struct controller *controller, const char *interface, struct device *ret,
	bool *ret_exists, struct diag *diag);
/* The same, possibly without the peers, which are slow to read. */
int device_plan_read_interface(const struct controller *controller, const char *interface,
	struct device *ret, bool *ret_exists, struct diag *diag);
/*
 * Compute the plan and its report. `ret` must not be moved, because the report points into it.
 * Conflicts and routes that are not set are added to `warnings`. Returns 0 or a negative errno.
 */
int device_plan_compute(const struct device_plan_input *input, int64_t now_ns,
	struct warnings *warnings, struct device_plan *ret, struct diag *diag);
/* Set the actions that Setup would take on the device in `report`. */
void device_plan_setup(const struct device_plan_input *input, struct change_report *report);
/* Print an error for each unusable entry and for invalid signing keys. Returns 0 or -EINVAL. */
int device_plan_report_errors(const struct state_document *document, const struct plan *plan);
void device_plan_clear(struct device_plan *plan);
