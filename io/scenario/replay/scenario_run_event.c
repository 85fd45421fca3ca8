/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario_run_event.h"

#include "diag.h"
#include "envelope_wire.h"
#include "event_stream.h"

#include <errno.h>

/* Far larger than any event of a control plane. */
#define STREAM_EVENT_MAX (4u << 20)

static void trace_event(struct scenario_run *run, const char *type, const char *id, int error,
	const struct diag *diag)
{
	trace_line(&run->trace, run->now.wall_ns, run->step, "event", "event_type", type,
		"event_id", id, "result", error ? "error" : "ok", "error",
		error ? diag_text(diag) : NULL, NULL);
}

int scenario_event(
	struct scenario_run *run, const char *type, struct json_span payload, struct diag *diag)
{
	int error =
		event_dispatch(&run->process.dispatcher, type, payload.text, payload.length, diag);
	trace_event(run, type, NULL, error, diag);
	return error;
}

static void log_rejection(struct scenario_run *run, const char *event_id, const struct diag *diag)
{
	log_line(&run->process.manager.logger, LOG_EVENT_REJECTED, "event_id", event_id, "error",
		diag_text(diag), NULL);
}

int scenario_deliver(struct scenario_run *run, struct json_span data, struct diag *diag)
{
	struct envelope envelope;
	enum verdict verdict;
	int error = envelope_wire_read(data.text, data.length, &envelope, diag);
	if (error) {
		trace_event(run, NULL, NULL, error, diag);
		log_rejection(run, NULL, diag);
		return error;
	}
	error = event_deliver(&run->process.dispatcher, &envelope, run->now, &verdict, diag);
	trace_event(run, envelope.event_type.text, envelope.event_id.text, error, diag);
	if (verdict != VERDICT_ACCEPTED)
		log_rejection(run, envelope.event_id.text, diag);
	envelope_clear(&envelope);
	return error;
}

static void take_event(void *impl, const struct stream_event *event)
{
	struct scenario_run *run = impl;
	struct json_span data = {.text = event->data.text, .length = event->data.length};
	struct diag diag = {0};
	if (event->is_dropped)
		log_line(&run->process.manager.logger, LOG_EVENT_REJECTED, "error", "too long",
			NULL);
	else
		scenario_deliver(run, data, &diag);
	diag_clear(&diag);
}

int scenario_stream(
	struct scenario_run *run, const struct json_span *chunks, size_t count, struct diag *diag)
{
	struct event_stream_callbacks callbacks = {.on_event = take_event, .impl = run};
	struct event_stream stream;
	int error = 0;
	event_stream_init(&stream, STREAM_EVENT_MAX, &callbacks);
	for (size_t i = 0; !error && i < count; i++)
		error = event_stream_push(&stream, chunks[i].text, chunks[i].length);
	event_stream_deinit(&stream);
	return error ? diag_fail_errno(diag, error) : 0;
}
