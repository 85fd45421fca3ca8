/* SPDX-License-Identifier: Apache-2.0 */
#include "event_client.h"

#include "diag.h"
#include "envelope_wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A stream that lasted this long is stable: the backoff starts over. */
#define STABLE_STREAM_MS (10 * 1000)
#define RETRY_MIN_MAX_MS (60 * 1000)
/* A control plane that offers no stream (403, 404) is asked again when it recovers, or after this.
 */
#define STOPPED_RETRY_MS EVENT_CLIENT_LOST_MS
/* A problem is resolved when an event is accepted and none was rejected like that for this long. */
#define PROBLEM_EXPIRY_MS (60 * 1000)

#define VERDICTS          (sizeof problem_names / sizeof *problem_names)

static const char *const problem_names[] = {
	[VERDICT_MALFORMED] = "malformed events",
	[VERDICT_MISSING_FIELD] = "incomplete events",
	[VERDICT_STALE] = "stale events",
	[VERDICT_FUTURE] = "future events",
	[VERDICT_BAD_SIGNATURE] = "forged events",
	[VERDICT_DUPLICATE_NONCE] = "repeated events",
	[VERDICT_SUPERSEDED] = "superseded events",
	[VERDICT_NO_ROOM] = "room for events",
	[VERDICT_FAULT] = "memory for events",
};

static void stream_open(void *impl);

void event_client_init(struct event_client *client, const struct event_client_config *config)
{
	*client = (struct event_client){
		.config = *config,
		.changed_ms = loop_now_ms(),
		.stream_problem = {.name = "event stream", .loop = config->loop},
	};
	for (size_t i = 0; i < VERDICTS; i++)
		client->problems[i].problem =
			(struct problem){.name = problem_names[i], .loop = config->loop};
}

void event_client_deinit(struct event_client *client)
{
	api_call_cancel(client->stream);
	loop_timer_cancel(client->config.loop, &client->retry_timer);
	loop_timer_cancel(client->config.loop, &client->stable_timer);
	loop_job_cancel(client->config.loop, &client->handle_job);
	event_queue_clear(&client->queue);
	free(client->last_event_id);
	problem_clear(&client->stream_problem);
	for (size_t i = 0; i < VERDICTS; i++)
		problem_clear(&client->problems[i].problem);
}

static bool is_frozen(const struct event_client *client)
{
	return client->config.clock.boot_ns(client->config.clock.impl) <=
	       client->cursor_frozen_until_ns;
}

/*
 * An empty id resets the cursor, and so does one that cannot be sent in a header. When out of
 * memory keep the old cursor: events after it are then delivered again.
 */
static void cursor_move(struct event_client *client, struct stream_text id)
{
	char *copy = NULL;
	if (is_frozen(client))
		return;
	client->cursor_frozen_until_ns = 0;
	if (id.length && !memchr(id.text, '\0', id.length)) {
		copy = strndup(id.text, id.length);
		if (!copy)
			return;
	}
	free(client->last_event_id);
	client->last_event_id = copy;
}

/* The first of several events sets the time for all, so that the cursor moves again at last. */
static void cursor_freeze(struct event_client *client)
{
	if (!client->cursor_frozen_until_ns)
		client->cursor_frozen_until_ns =
			client->config.clock.boot_ns(client->config.clock.impl) + EVENT_WINDOW_NS;
}

/* The stream is stable: reset the backoff and resolve its problem. */
static void stream_set_stable(struct event_client *client)
{
	client->is_stable = true;
	loop_timer_cancel(client->config.loop, &client->stable_timer);
	backoff_reset(&client->backoff);
	problem_resolve(&client->stream_problem, &client->config.plane->logger);
}

static void on_stable(void *impl)
{
	stream_set_stable(impl);
}

static bool is_rotation_order(const struct envelope *envelope)
{
	static const char type[] = "rotate_keys";
	return envelope->event_type.length == sizeof type - 1 &&
	       memcmp(envelope->event_type.text, type, sizeof type - 1) == 0;
}

/* Resolve the problems that were not met for long enough. */
static void problems_expire(struct event_client *client)
{
	int64_t before_ms = loop_now_ms() - PROBLEM_EXPIRY_MS;
	for (size_t i = 0; i < VERDICTS; i++)
		if (problem_is_raised(&client->problems[i].problem) &&
			client->problems[i].met_ms <= before_ms)
			problem_resolve(
				&client->problems[i].problem, &client->config.plane->logger);
}

/* Log each kind of rejection once, whatever its text: the sender chooses the text. */
static void event_rejected(
	struct event_client *client, enum verdict verdict, const struct diag *diag)
{
	struct event_problem *kind = &client->problems[verdict];
	kind->met_ms = loop_now_ms();
	if (!problem_is_raised(&kind->problem))
		problem_raise(&kind->problem, &client->config.plane->logger, diag_text(diag));
}

static void event_handled(struct event_client *client, const struct envelope *envelope)
{
	if (client->config.rotation_ordered && is_rotation_order(envelope))
		client->config.rotation_ordered(client->config.impl);
	problems_expire(client);
	if (client->config.handled)
		client->config.handled(client->config.impl);
}

/* Takes the event over. */
static void event_finish(struct event_client *client, struct queued_event *event)
{
	struct diag diag = {0};
	enum verdict verdict;
	/* The handler logs failed operations, and the next cycle retries them. */
	(void)event_handle(
		client->config.dispatcher, &event->envelope, event->arrived, &verdict, &diag);
	if (verdict == VERDICT_ACCEPTED)
		event_handled(client, &event->envelope);
	else
		event_rejected(client, verdict, &diag);
	queued_event_free(event);
	diag_clear(&diag);
}

static void handle_first(struct event_client *client)
{
	event_finish(client, event_queue_take(&client->queue));
}

static void handle_one(void *impl)
{
	struct event_client *client = impl;
	if (client->queue.count)
		handle_first(client);
	if (client->queue.count)
		loop_job_add(client->config.loop, &client->handle_job, handle_one, client);
}

void event_client_handle_waiting(struct event_client *client)
{
	for (size_t left = client->queue.count; left && !loop_is_stopping(client->config.loop);
		left--) {
		handle_first(client);
		loop_turn(client->config.loop);
	}
}

/* Tell the observers of an event that never reaches the engine. */
static enum verdict event_reject(
	struct event_client *client, struct event_judgement judgement, const struct diag *diag)
{
	judgement.error_text = diag_text(diag);
	observe_event(client->config.dispatcher->manager, &judgement);
	return judgement.verdict;
}

static enum verdict event_check(
	struct event_client *client, const struct queued_event *event, struct diag *diag)
{
	/* Reject it before the nonce is recorded: it will be delivered again. */
	if (event_queue_is_full(&client->queue) && !event_is_immediate(&event->envelope)) {
		struct event_judgement judgement = {
			.envelope = &event->envelope,
			.arrived = event->arrived,
			.verdict = VERDICT_NO_ROOM,
		};
		judgement.error = diag_fail(diag, -ENOBUFS, "too many events wait to be handled");
		return event_reject(client, judgement, diag);
	}
	enum verdict verdict =
		event_verify(client->config.dispatcher, &event->envelope, event->arrived, diag);
	/* What the operator can do. */
	if (verdict == VERDICT_NO_ROOM)
		diag_add(diag, -ENOBUFS, "--max-nonces allows more, and fetches make up for them");
	return verdict;
}

/* Parse and verify a received event; `event` is NULL when out of memory. */
static enum verdict event_judge(struct event_client *client, const struct stream_event *received,
	struct queued_event *event, struct diag *diag)
{
	struct event_judgement judgement = {
		.length = received->data.length, .arrived = clock_read(&client->config.clock)};
	if (!event)
		judgement.error = diag_fail_errno(diag, -ENOMEM);
	else if (received->is_dropped)
		judgement.error = diag_fail(diag, -EFBIG, "too long");
	else
		judgement.error = envelope_wire_read(
			received->data.text, received->data.length, &event->envelope, diag);
	if (!event || judgement.error) {
		judgement.verdict = judgement.error == -ENOMEM ? VERDICT_FAULT : VERDICT_MALFORMED;
		return event_reject(client, judgement, diag);
	}
	event->arrived = judgement.arrived;
	return event_check(client, event, diag);
}

static void event_accepted(struct event_client *client, struct queued_event *event)
{
	if (event_is_immediate(&event->envelope)) {
		event_finish(client, event);
		return;
	}
	event_queue_put(&client->queue, event);
	loop_job_add(client->config.loop, &client->handle_job, handle_one, client);
}

/* Called by libcurl, perhaps in the middle of a cycle. */
static void on_event(void *impl, const struct stream_event *received)
{
	struct event_client *client = impl;
	struct queued_event *event = calloc(1, sizeof *event);
	struct diag diag = {0};
	enum verdict verdict = event_judge(client, received, event, &diag);
	if (verdict != VERDICT_ACCEPTED)
		event_rejected(client, verdict, &diag);
	else if (!client->is_stable)
		stream_set_stable(client);
	bool has_thawed = client->cursor_frozen_until_ns != 0 && !is_frozen(client);
	if (!verdict_is_final(verdict) && !has_thawed)
		cursor_freeze(client);
	else if (received->has_id)
		cursor_move(client, received->last_id);
	if (verdict == VERDICT_ACCEPTED)
		event_accepted(client, event);
	else
		queued_event_free(event);
	diag_clear(&diag);
}

static void on_id(void *impl, struct stream_text last_id)
{
	cursor_move(impl, last_id);
}

static void on_retry(void *impl, uint64_t retry_ms)
{
	struct event_client *client = impl;
	client->retry_min_ms = retry_ms < RETRY_MIN_MAX_MS ? (int64_t)retry_ms : RETRY_MIN_MAX_MS;
}

static void stream_changed(struct event_client *client, bool is_open)
{
	client->is_open = is_open;
	client->changed_ms = loop_now_ms();
	if (client->config.changed)
		client->config.changed(client->config.impl);
}

/* If the last stream was short-lived, this one must prove stable before the problem is resolved. */
static void on_opened(void *impl, const struct api_result *result)
{
	struct event_client *client = impl;
	control_plane_note(client->config.plane, PLANE_CALL_STREAM, result);
	client->is_stable = false;
	loop_timer_set(
		client->config.loop, &client->stable_timer, STABLE_STREAM_MS, on_stable, client);
	if (!client->was_short_lived)
		problem_resolve(&client->stream_problem, &client->config.plane->logger);
	stream_changed(client, true);
}

static void stream_retry(struct event_client *client, int64_t at_least_ms)
{
	int64_t delay_ms = backoff_next_ms(&client->backoff, &client->config.plane->random);
	if (delay_ms < client->retry_min_ms)
		delay_ms = client->retry_min_ms;
	if (delay_ms < at_least_ms)
		delay_ms = at_least_ms;
	loop_timer_set(client->config.loop, &client->retry_timer, delay_ms, stream_open, client);
}

/* Load balancers end streams at any time. That is a problem only if the stream was not stable. */
static void stream_end_log(struct event_client *client, const char *reason)
{
	if (client->is_open && client->is_stable)
		log_line(&client->config.plane->logger, LOG_EVENT_STREAM_ENDED, "reason", reason,
			NULL);
	else
		problem_raise(&client->stream_problem, &client->config.plane->logger, reason);
}

static void on_closed(void *impl, const struct api_result *result)
{
	struct event_client *client = impl;
	bool is_unwanted = result->outcome == API_OUTCOME_FORBIDDEN ||
			   result->outcome == API_OUTCOME_NOT_FOUND;
	client->stream = NULL;
	client->not_before_ms = loop_now_ms() + result->retry_after_ms;
	control_plane_note(client->config.plane, PLANE_CALL_STREAM, result);
	stream_end_log(client, *result->error ? result->error : "the control plane ended it");
	stream_retry(client, is_unwanted ? STOPPED_RETRY_MS : result->retry_after_ms);
	if (!client->is_open)
		return;
	loop_timer_cancel(client->config.loop, &client->stable_timer);
	client->was_short_lived = !client->is_stable;
	stream_changed(client, false);
}

static void stream_open(void *impl)
{
	struct event_client *client = impl;
	struct api_stream_callbacks callbacks = {
		.on_opened = on_opened,
		.on_event = on_event,
		.on_id = on_id,
		.on_retry = on_retry,
		.on_closed = on_closed,
		.impl = client,
	};
	struct diag diag = {0};
	if (api_stream_open(&client->config.plane->client, client->config.plane->token,
		    client->last_event_id, &callbacks, &client->stream, &diag) != 0) {
		problem_raise(
			&client->stream_problem, &client->config.plane->logger, diag_text(&diag));
		stream_retry(client, 0);
	}
	diag_clear(&diag);
}

void event_client_start(struct event_client *client)
{
	if (client->stream || loop_now_ms() < client->not_before_ms)
		return;
	loop_timer_cancel(client->config.loop, &client->retry_timer);
	stream_open(client);
}

int64_t event_client_fetch_ms(const struct event_client *client, int64_t interval_ms)
{
	int64_t down_ms = loop_now_ms() - client->changed_ms;
	int64_t fetch_ms = down_ms < EVENT_CLIENT_LOST_MS ? EVENT_CLIENT_LOST_MS - down_ms
							  : EVENT_CLIENT_FETCH_MS;
	return client->is_open || interval_ms < fetch_ms ? interval_ms : fetch_ms;
}
