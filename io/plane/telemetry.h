/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Report to the control plane: a heartbeat every 30 s, and the drift that a cycle repaired. A
 * report that cannot be delivered is logged as a problem and not sent again.
 */
#pragma once

#include "control_plane.h"
#include "reconcile.h"

#define HEARTBEAT_MS (30 * 1000)
/* Limit on drift reports under way: further ones are dropped, so that a slow link does not
 * accumulate them. */
#define DRIFT_REPORTS_MAX 8

/* All borrowed. */
struct telemetry_config {
	struct control_plane *plane;
	struct loop *loop;
	struct manager *manager;
	struct clock clock;
	/* Called when the control plane asks for a cycle. */
	void (*wants_cycle)(void *impl, int64_t delay_ms);
	void *impl;
};

struct telemetry {
	struct telemetry_config config;
	const char *status; /* in heartbeats; "starting" until the first cycle ends */
	struct api_call *heartbeat;
	unsigned drift_count; /* of reports under way */
	struct loop_timer timer;
	int64_t started_ms;
	struct problem heartbeat_problem;
	struct problem drift_problem;
	struct problem orders_problem;
	bool is_rotation_ordered;
	struct key_public old_key; /* the node's key at that time */
};

void telemetry_init(struct telemetry *telemetry, const struct telemetry_config *config);
/* Send the first heartbeat now. */
void telemetry_start(struct telemetry *telemetry);
/* Derive the status from the result of a cycle: 0 or a negative errno. */
void telemetry_note_cycle(struct telemetry *telemetry, int error);
/* The control plane ordered another key for the node. The order is logged once, as a problem that
 * stands until the node has another key. */
void telemetry_order_rotation(struct telemetry *telemetry);
/* Return the reporter for the reconciler, also before telemetry_init; it borrows `telemetry`. */
struct drift_reporter telemetry_drift(struct telemetry *telemetry);
void telemetry_deinit(struct telemetry *telemetry);
