/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the node tells the control plane: a heartbeat every 30 s, and what a cycle put right. A
 * report that does not get there is said and not sent again.
 */
#pragma once

#include "control_plane.h"
#include "reconcile.h"

#define HEARTBEAT_MS (30 * 1000)
/* So many drift telemetry are under way at most: a slow line is not to collect them. */
#define DRIFT_REPORTS_MAX 8

struct telemetry {
	struct control_plane *plane;
	struct loop *loop;
	struct manager *manager;
	struct clock clock;
	/* The control plane asks for a cycle. */
	void (*wants_cycle)(void *impl, int64_t delay_ms);
	void *impl;
	const char *status; /* "starting"; the owner's to set */

	struct api_call *heartbeat;
	unsigned drift_count; /* of telemetry under way */
	struct loop_timer timer;
	int64_t started_ms;
	struct problem heartbeat_problem;
	struct problem drift_problem;
	struct problem orders_problem;
	bool is_rotation_ordered;
	struct key_public old_key; /* the node's when that was ordered */
};

void telemetry_init(struct telemetry *telemetry, struct control_plane *plane, struct loop *loop,
	struct manager *manager, struct clock clock);
/* The first heartbeat goes out now. */
void telemetry_start(struct telemetry *telemetry);
/* The control plane wants the node to have another key, which is not said twice and stands until it
 * has one. */
void telemetry_order_rotation(struct telemetry *telemetry);
struct drift_reporter telemetry_drift(struct telemetry *telemetry);
void telemetry_deinit(struct telemetry *telemetry);
