/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry.h"

#include "diag.h"

#include <errno.h>
#include <stdlib.h>

static void heartbeat_send(void *impl);

void telemetry_init(struct telemetry *reports, struct control_plane *plane, struct loop *loop,
	struct manager *manager, struct clock clock)
{
	*reports = (struct telemetry){
		.plane = plane,
		.loop = loop,
		.manager = manager,
		.clock = clock,
		.status = "starting",
		.started_ms = loop_now_ms(),
		.heartbeat_problem = {.name = "heartbeat", .loop = loop},
		.drift_problem = {.name = "drift report", .loop = loop},
		.orders_problem = {.name = "orders of the control plane", .loop = loop},
	};
}

void telemetry_order_rotation(struct telemetry *reports)
{
	if (!reports->is_rotation_ordered)
		reports->old_key = reports->manager->identity->public_key;
	reports->is_rotation_ordered = true;
	problem_raise(&reports->orders_problem, &reports->plane->logger,
		"rotate_keys is not supported yet");
}

/* An answer without the order does not take it back: the order may be given once. */
static void rotation_check(struct telemetry *reports)
{
	const struct key_public *key = &reports->manager->identity->public_key;
	if (!reports->is_rotation_ordered || key_public_equal(key, &reports->old_key))
		return;
	reports->is_rotation_ordered = false;
	problem_resolve(&reports->orders_problem, &reports->plane->logger);
}

static void heartbeat_done(
	void *impl, const struct api_result *result, const struct api_orders *orders)
{
	struct telemetry *reports = impl;
	const struct logger *logger = &reports->plane->logger;
	reports->heartbeat = NULL;
	control_plane_note(reports->plane, PLANE_CALL_HEARTBEAT, result);
	int64_t delay_ms =
		result->retry_after_ms > HEARTBEAT_MS ? result->retry_after_ms : HEARTBEAT_MS;
	loop_timer_set(reports->loop, &reports->timer, delay_ms, heartbeat_send, reports);
	if (result->outcome != API_OUTCOME_OK) {
		problem_raise(&reports->heartbeat_problem, logger, result->error);
		return;
	}
	problem_resolve(&reports->heartbeat_problem, logger);
	rotation_check(reports);
	if (orders->rotate_keys)
		telemetry_order_rotation(reports);
	if (orders->reconcile)
		reports->wants_cycle(reports->impl, 0);
}

static void heartbeat_send(void *impl)
{
	struct telemetry *reports = impl;
	const struct manager *manager = reports->manager;
	struct diag diag = {0};
	struct api_heartbeat heartbeat = {
		.timestamp_ns = reports->clock.now_ns(reports->clock.impl),
		.status = reports->status,
		.uptime_s = (loop_now_ms() - reports->started_ms) / 1000,
		.interface = manager->config.interface_name,
		.peer_count = manager->index.count,
		.listen_port = (uint16_t)manager->config.listen_port,
	};
	const struct api_heartbeat_request request = {
		.token = reports->plane->token,
		.heartbeat = &heartbeat,
		.on_done = heartbeat_done,
		.impl = reports,
	};
	int error =
		api_heartbeat_send(&reports->plane->client, &request, &reports->heartbeat, &diag);
	if (error) {
		problem_raise(
			&reports->heartbeat_problem, &reports->plane->logger, diag_text(&diag));
		loop_timer_set(
			reports->loop, &reports->timer, HEARTBEAT_MS, heartbeat_send, reports);
	}
	diag_clear(&diag);
}

void telemetry_start(struct telemetry *reports)
{
	heartbeat_send(reports);
}

static void drift_done(void *impl, const struct api_result *result)
{
	struct telemetry *reports = impl;
	reports->drift_count--;
	control_plane_note(reports->plane, PLANE_CALL_DRIFT, result);
	if (result->outcome == API_OUTCOME_OK)
		problem_resolve(&reports->drift_problem, &reports->plane->logger);
	else
		problem_raise(&reports->drift_problem, &reports->plane->logger, result->error);
}

static int drift_report(
	void *impl, const struct correction *corrections, size_t count, struct diag *diag)
{
	struct telemetry *reports = impl;
	if (reports->drift_count >= DRIFT_REPORTS_MAX) {
		problem_raise(&reports->drift_problem, &reports->plane->logger,
			"left out, too many are still under way");
		return 0;
	}
	struct api_correction *list = calloc(count ? count : 1, sizeof *list);
	if (!list)
		return diag_fail_errno(diag, -ENOMEM);
	for (size_t i = 0; i < count; i++)
		list[i] = (struct api_correction){.type = correction_type_name(corrections[i].type),
			.detail = corrections[i].detail};
	const struct api_drift_request request = {
		.token = reports->plane->token,
		.timestamp_ns = reports->clock.now_ns(reports->clock.impl),
		.corrections = list,
		.count = count,
		.on_done = drift_done,
		.impl = reports,
	};
	int error = api_drift_report(&reports->plane->client, &request, NULL, diag);
	if (!error)
		reports->drift_count++;
	free(list);
	return error;
}

struct drift_reporter telemetry_drift(struct telemetry *reports)
{
	return (struct drift_reporter){.report = drift_report, .impl = reports};
}

void telemetry_deinit(struct telemetry *reports)
{
	api_call_cancel(reports->heartbeat);
	loop_timer_cancel(reports->loop, &reports->timer);
	problem_clear(&reports->heartbeat_problem);
	problem_clear(&reports->drift_problem);
	problem_clear(&reports->orders_problem);
}
