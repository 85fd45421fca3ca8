/* SPDX-License-Identifier: Apache-2.0 */
#include "event_client.h"

#include "diag.h"
#include "envelope_wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A stream that lasted this long was a good one: the next failure is a first one. */
#define GOOD_STREAM_MS   (10 * 1000)
#define RETRY_MIN_MAX_MS (60 * 1000)
/* A control plane that wants no stream (403, 404) is asked again when it recovers, or after this.
 */
#define STOPPED_RETRY_MS EVENT_CLIENT_LOST_MS
/* Events are well again when one is accepted and none was refused for this long. */
#define EVENT_CALM_MS (60 * 1000)

#define VERDICTS      (sizeof trouble_names / sizeof *trouble_names)

static const char *const trouble_names[] = {
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

void event_client_init(struct event_client *feed, struct control_plane *plane, struct loop *loop,
	struct event_dispatcher *dispatcher, struct clock clock)
{
	*feed = (struct event_client){
		.plane = plane,
		.loop = loop,
		.dispatcher = dispatcher,
		.clock = clock,
		.changed_ms = loop_now_ms(),
		.stream_problem = {.name = "event stream", .loop = loop},
	};
	for (size_t i = 0; i < VERDICTS; i++)
		feed->troubles[i].condition =
			(struct problem){.name = trouble_names[i], .loop = loop};
}

void event_client_deinit(struct event_client *feed)
{
	api_call_cancel(feed->stream);
	loop_timer_cancel(feed->loop, &feed->retry_timer);
	loop_timer_cancel(feed->loop, &feed->proof_timer);
	loop_job_cancel(feed->loop, &feed->handle_job);
	event_queue_clear(&feed->queue);
	free(feed->last_event_id);
	problem_clear(&feed->stream_problem);
	for (size_t i = 0; i < VERDICTS; i++)
		problem_clear(&feed->troubles[i].condition);
}

static bool is_held(const struct event_client *feed)
{
	return feed->clock.boot_ns(feed->clock.impl) <= feed->cursor_frozen_until_ns;
}

/*
 * An empty id means to forget the last. One that cannot be sent again is no place to resume at; one
 * that there is no memory for leaves the last, behind which events come again.
 */
static void cursor_move(struct event_client *feed, struct stream_text id)
{
	char *copy = NULL;
	if (is_held(feed))
		return;
	feed->cursor_frozen_until_ns = 0;
	if (id.length && !memchr(id.text, '\0', id.length)) {
		copy = strndup(id.text, id.length);
		if (!copy)
			return;
	}
	free(feed->last_event_id);
	feed->last_event_id = copy;
}

/* The first of several holds it for all of them: it moves again, whatever goes on coming. */
static void cursor_hold(struct event_client *feed)
{
	if (!feed->cursor_frozen_until_ns)
		feed->cursor_frozen_until_ns =
			feed->clock.boot_ns(feed->clock.impl) + EVENT_WINDOW_NS;
}

/* The stream is worth something. */
static void stream_prove(struct event_client *feed)
{
	feed->is_stable = true;
	loop_timer_cancel(feed->loop, &feed->proof_timer);
	backoff_reset(&feed->backoff);
	problem_resolve(&feed->stream_problem, &feed->plane->logger);
}

static void on_lasted(void *impl)
{
	stream_prove(impl);
}

static bool is_rotation_order(const struct envelope *envelope)
{
	static const char type[] = "rotate_keys";
	return envelope->event_type.length == sizeof type - 1 &&
	       memcmp(envelope->event_type.text, type, sizeof type - 1) == 0;
}

/* Of each kind that was not met for long enough. */
static void events_calm(struct event_client *feed)
{
	int64_t calm_ms = loop_now_ms() - EVENT_CALM_MS;
	for (size_t i = 0; i < VERDICTS; i++)
		if (problem_is_raised(&feed->troubles[i].condition) &&
			feed->troubles[i].met_ms <= calm_ms)
			problem_resolve(&feed->troubles[i].condition, &feed->plane->logger);
}

/* The kind is what is said: another text of it, which others choose, is nothing new. */
static void event_refused(struct event_client *feed, enum verdict verdict, const struct diag *diag)
{
	struct event_problem *trouble = &feed->troubles[verdict];
	trouble->met_ms = loop_now_ms();
	if (!problem_is_raised(&trouble->condition))
		problem_raise(&trouble->condition, &feed->plane->logger, diag_text(diag));
}

static void event_handled(struct event_client *feed, const struct envelope *envelope)
{
	if (feed->rotation_ordered && is_rotation_order(envelope))
		feed->rotation_ordered(feed->impl);
	events_calm(feed);
	if (feed->handled)
		feed->handled(feed->impl);
}

static void handle_first(struct event_client *feed)
{
	struct queued_event *event = event_queue_take(&feed->queue);
	struct diag diag = {0};
	enum verdict verdict;
	/* What fails is logged by the handler, and the next cycle tries again. */
	(void)event_handle(feed->dispatcher, &event->envelope, event->arrived, &verdict, &diag);
	if (verdict == VERDICT_ACCEPTED)
		event_handled(feed, &event->envelope);
	else
		event_refused(feed, verdict, &diag);
	queued_event_free(event);
	diag_clear(&diag);
}

static void handle_one(void *impl)
{
	struct event_client *feed = impl;
	if (feed->queue.count)
		handle_first(feed);
	if (feed->queue.count)
		loop_job_add(feed->loop, &feed->handle_job, handle_one, feed);
}

void event_client_handle_waiting(struct event_client *feed)
{
	for (size_t left = feed->queue.count; left && !loop_is_stopping(feed->loop); left--) {
		handle_first(feed);
		loop_turn(feed->loop);
	}
}

/* A recording has no word for an event that waits. */
static enum verdict event_record(
	struct event_client *feed, const struct queued_event *event, struct diag *diag)
{
	enum verdict verdict;
	recorder_deliver(
		feed->recorder, feed->dispatcher, &event->envelope, event->arrived, &verdict, diag);
	if (verdict == VERDICT_ACCEPTED)
		event_handled(feed, &event->envelope);
	return verdict;
}

static enum verdict event_verify(
	struct event_client *feed, const struct queued_event *event, struct diag *diag)
{
	/* Before its nonce is used up: it will come again. */
	if (event_queue_is_full(&feed->queue)) {
		diag_fail(diag, -ENOBUFS, "too many events wait to be handled");
		return VERDICT_NO_ROOM;
	}
	enum verdict verdict =
		verifier_check(feed->dispatcher->verifier, &event->envelope, event->arrived, diag);
	if (verdict == VERDICT_NO_ROOM)
		diag_add(diag, -ENOBUFS, "--max-nonces allows more, and pulls make up for them");
	return verdict;
}

/* Parses and verifies it. */
static enum verdict event_judge(struct event_client *feed, const struct stream_event *received,
	bool is_for_recorder, struct queued_event *event, struct diag *diag)
{
	int error = -ENOMEM;
	if (received->is_dropped)
		error = diag_fail(diag, -EFBIG, "too long");
	else if (event)
		error = envelope_wire_read(
			received->data.text, received->data.length, &event->envelope, diag);
	else
		diag_fail_errno(diag, error);
	if (error) {
		recorder_note_malformed(feed->recorder);
		return error == -ENOMEM ? VERDICT_FAULT : VERDICT_MALFORMED;
	}
	event->arrived = clock_read(&feed->clock);
	return is_for_recorder ? event_record(feed, event, diag) : event_verify(feed, event, diag);
}

/* Within libcurl, and perhaps within a cycle. */
static void on_event(void *impl, const struct stream_event *received)
{
	struct event_client *feed = impl;
	struct queued_event *event = calloc(1, sizeof *event);
	struct diag diag = {0};
	bool is_for_recorder = feed->recorder && feed->recorder->is_on;
	enum verdict verdict = event_judge(feed, received, is_for_recorder, event, &diag);
	if (verdict != VERDICT_ACCEPTED)
		event_refused(feed, verdict, &diag);
	else if (!feed->is_stable)
		stream_prove(feed);
	bool was_held = feed->cursor_frozen_until_ns != 0 && !is_held(feed);
	if (!verdict_is_final(verdict) && !was_held)
		cursor_hold(feed);
	else if (received->has_id)
		cursor_move(feed, received->last_id);
	if (verdict == VERDICT_ACCEPTED && !is_for_recorder) {
		event_queue_put(&feed->queue, event);
		loop_job_add(feed->loop, &feed->handle_job, handle_one, feed);
	} else {
		queued_event_free(event);
	}
	diag_clear(&diag);
}

static void on_id(void *impl, struct stream_text last_id)
{
	cursor_move(impl, last_id);
}

static void on_retry(void *impl, uint64_t retry_ms)
{
	struct event_client *feed = impl;
	feed->retry_min_ms = retry_ms < RETRY_MIN_MAX_MS ? (int64_t)retry_ms : RETRY_MIN_MAX_MS;
}

static void stream_changed(struct event_client *feed, bool is_open)
{
	feed->is_open = is_open;
	feed->changed_ms = loop_now_ms();
	if (feed->changed)
		feed->changed(feed->impl);
}

/* After one that ended as soon as it was open, being open does not mean that all is well. */
static void on_opened(void *impl, const struct api_result *result)
{
	struct event_client *feed = impl;
	control_plane_note(feed->plane, PLANE_CALL_STREAM, result);
	feed->is_stable = false;
	loop_timer_set(feed->loop, &feed->proof_timer, GOOD_STREAM_MS, on_lasted, feed);
	if (!feed->was_short_lived)
		problem_resolve(&feed->stream_problem, &feed->plane->logger);
	stream_changed(feed, true);
}

static void stream_retry(struct event_client *feed, int64_t at_least_ms)
{
	int64_t delay_ms = backoff_next_ms(&feed->backoff, &feed->plane->random);
	if (delay_ms < feed->retry_min_ms)
		delay_ms = feed->retry_min_ms;
	if (delay_ms < at_least_ms)
		delay_ms = at_least_ms;
	loop_timer_set(feed->loop, &feed->retry_timer, delay_ms, stream_open, feed);
}

/* Balancers end streams as they please: that is a problem if it does not come back, or ends at
 * once.
 */
static void stream_end_log(struct event_client *feed, const char *reason)
{
	if (feed->is_open && feed->is_stable)
		log_line(&feed->plane->logger, LOG_EVENT_STREAM_ENDED, "reason", reason, NULL);
	else
		problem_raise(&feed->stream_problem, &feed->plane->logger, reason);
}

static void on_closed(void *impl, const struct api_result *result)
{
	struct event_client *feed = impl;
	bool is_unwanted = result->outcome == API_OUTCOME_FORBIDDEN ||
			   result->outcome == API_OUTCOME_NOT_FOUND;
	feed->stream = NULL;
	feed->not_before_ms = loop_now_ms() + result->retry_after_ms;
	control_plane_note(feed->plane, PLANE_CALL_STREAM, result);
	stream_end_log(feed, *result->error ? result->error : "the control plane ended it");
	stream_retry(feed, is_unwanted ? STOPPED_RETRY_MS : result->retry_after_ms);
	if (!feed->is_open)
		return;
	loop_timer_cancel(feed->loop, &feed->proof_timer);
	feed->was_short_lived = !feed->is_stable;
	stream_changed(feed, false);
}

static void stream_open(void *impl)
{
	struct event_client *feed = impl;
	struct api_stream_callbacks callbacks = {
		.on_opened = on_opened,
		.on_event = on_event,
		.on_id = on_id,
		.on_retry = on_retry,
		.on_closed = on_closed,
		.impl = feed,
	};
	struct diag diag = {0};
	if (api_stream_open(&feed->plane->client, feed->plane->token, feed->last_event_id,
		    &callbacks, &feed->stream, &diag) != 0) {
		problem_raise(&feed->stream_problem, &feed->plane->logger, diag_text(&diag));
		stream_retry(feed, 0);
	}
	diag_clear(&diag);
}

void event_client_start(struct event_client *feed)
{
	if (feed->stream || loop_now_ms() < feed->not_before_ms)
		return;
	loop_timer_cancel(feed->loop, &feed->retry_timer);
	stream_open(feed);
}

int64_t event_client_pull_ms(const struct event_client *feed, int64_t interval_ms)
{
	int64_t down_ms = loop_now_ms() - feed->changed_ms;
	int64_t pull_ms = down_ms < EVENT_CLIENT_LOST_MS ? EVENT_CLIENT_LOST_MS - down_ms
							 : EVENT_CLIENT_POLL_MS;
	return feed->is_open || interval_ms < pull_ms ? interval_ms : pull_ms;
}
