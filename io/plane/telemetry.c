/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry.h"

#include "diag.h"

#include <errno.h>
#include <stdlib.h>

static void heartbeat_send(void *impl);

void telemetry_init(struct telemetry *telemetry, const struct telemetry_config *config)
{
	struct loop *loop = config->loop;
	*telemetry = (struct telemetry){
		.config = *config,
		.status = "starting",
		.started_ms = loop_now_ms(),
		.heartbeat_problem = {.name = "heartbeat", .loop = loop},
		.drift_problem = {.name = "drift report", .loop = loop},
		.orders_problem = {.name = "orders of the control plane", .loop = loop},
	};
}

void telemetry_note_cycle(struct telemetry *telemetry, int error)
{
	telemetry->status = error ? "degraded" : "healthy";
}

void telemetry_order_rotation(struct telemetry *telemetry)
{
	if (!telemetry->is_rotation_ordered)
		telemetry->old_key = telemetry->config.manager->identity->public_key;
	telemetry->is_rotation_ordered = true;
	problem_raise(&telemetry->orders_problem, &telemetry->config.plane->logger,
		"rotate_keys is not supported yet");
}

/* A heartbeat answer without the order does not revoke it: the order may be given only once. */
static void rotation_check(struct telemetry *telemetry)
{
	const struct key_public *key = &telemetry->config.manager->identity->public_key;
	if (!telemetry->is_rotation_ordered || key_public_equal(key, &telemetry->old_key))
		return;
	telemetry->is_rotation_ordered = false;
	problem_resolve(&telemetry->orders_problem, &telemetry->config.plane->logger);
}

static void heartbeat_done(
	void *impl, const struct api_result *result, const struct api_orders *orders)
{
	struct telemetry *telemetry = impl;
	const struct logger *logger = &telemetry->config.plane->logger;
	telemetry->heartbeat = NULL;
	control_plane_note(telemetry->config.plane, PLANE_CALL_HEARTBEAT, result);
	int64_t delay_ms =
		result->retry_after_ms > HEARTBEAT_MS ? result->retry_after_ms : HEARTBEAT_MS;
	loop_timer_set(
		telemetry->config.loop, &telemetry->timer, delay_ms, heartbeat_send, telemetry);
	if (result->outcome != API_OUTCOME_OK) {
		problem_raise(&telemetry->heartbeat_problem, logger, result->error);
		return;
	}
	problem_resolve(&telemetry->heartbeat_problem, logger);
	rotation_check(telemetry);
	if (orders->rotate_keys)
		telemetry_order_rotation(telemetry);
	if (orders->reconcile)
		telemetry->config.wants_cycle(telemetry->config.impl, 0);
}

static void heartbeat_send(void *impl)
{
	struct telemetry *telemetry = impl;
	const struct manager *manager = telemetry->config.manager;
	struct diag diag = {0};
	struct api_heartbeat heartbeat = {
		.timestamp_ns = telemetry->config.clock.now_ns(telemetry->config.clock.impl),
		.status = telemetry->status,
		.uptime_s = (loop_now_ms() - telemetry->started_ms) / 1000,
		.interface = manager->config.interface_name,
		.peer_count = manager->index.count,
		.listen_port = (uint16_t)manager->config.listen_port,
	};
	const struct api_heartbeat_request request = {
		.token = telemetry->config.plane->token,
		.heartbeat = &heartbeat,
		.on_done = heartbeat_done,
		.impl = telemetry,
	};
	int error = api_heartbeat_send(
		&telemetry->config.plane->client, &request, &telemetry->heartbeat, &diag);
	if (error) {
		problem_raise(&telemetry->heartbeat_problem, &telemetry->config.plane->logger,
			diag_text(&diag));
		loop_timer_set(telemetry->config.loop, &telemetry->timer, HEARTBEAT_MS,
			heartbeat_send, telemetry);
	}
	diag_clear(&diag);
}

void telemetry_start(struct telemetry *telemetry)
{
	heartbeat_send(telemetry);
}

static void drift_done(void *impl, const struct api_result *result)
{
	struct telemetry *telemetry = impl;
	telemetry->drift_count--;
	control_plane_note(telemetry->config.plane, PLANE_CALL_DRIFT, result);
	if (result->outcome == API_OUTCOME_OK)
		problem_resolve(&telemetry->drift_problem, &telemetry->config.plane->logger);
	else
		problem_raise(
			&telemetry->drift_problem, &telemetry->config.plane->logger, result->error);
}

static int drift_report(
	void *impl, const struct correction *corrections, size_t count, struct diag *diag)
{
	struct telemetry *telemetry = impl;
	if (telemetry->drift_count >= DRIFT_REPORTS_MAX) {
		problem_raise(&telemetry->drift_problem, &telemetry->config.plane->logger,
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
		.token = telemetry->config.plane->token,
		.timestamp_ns = telemetry->config.clock.now_ns(telemetry->config.clock.impl),
		.corrections = list,
		.count = count,
		.on_done = drift_done,
		.impl = telemetry,
	};
	int error = api_drift_report(&telemetry->config.plane->client, &request, NULL, diag);
	if (!error)
		telemetry->drift_count++;
	free(list);
	return error;
}

struct drift_reporter telemetry_drift(struct telemetry *telemetry)
{
	return (struct drift_reporter){.report = drift_report, .impl = telemetry};
}

void telemetry_deinit(struct telemetry *telemetry)
{
	api_call_cancel(telemetry->heartbeat);
	loop_timer_cancel(telemetry->config.loop, &telemetry->timer);
	problem_clear(&telemetry->heartbeat_problem);
	problem_clear(&telemetry->drift_problem);
	problem_clear(&telemetry->orders_problem);
}
