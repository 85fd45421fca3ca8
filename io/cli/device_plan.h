/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan for a device as a process that has just begun would make it: nothing is remembered of
 * peers, and the interface is taken for what it is.
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
	bool exists;        /* else `device` is empty */
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

/* An interface that is not there is an empty device. Returns 0 or a negative errno. */
int device_plan_read(const struct controller *controller, const char *interface, struct device *ret,
	bool *ret_exists, struct diag *diag);
/* The same where its peers do not matter: they may be missing. */
int device_plan_read_interface(const struct controller *controller, const char *interface,
	struct device *ret, bool *ret_exists, struct diag *diag);
/*
 * `ret` must stay where it is: its report points into it. Conflicts and routes that are not
 * set are added to `warnings`. Returns 0 or a negative errno.
 */
int device_plan_compute(const struct device_plan_input *input, int64_t now_ns,
	struct warnings *warnings, struct device_plan *ret, struct diag *diag);
/* The actions that Setup would take on that device, for a report. */
void device_plan_setup(const struct device_plan_input *input, struct change_report *report);
/* Reports each entry that cannot be used, and bad signing keys. Returns 0 or -EINVAL. */
int device_plan_report_errors(const struct state_document *document, const struct plan *plan);
void device_plan_clear(struct device_plan *plan);
