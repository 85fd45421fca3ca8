#include "event_feed.h"

#include "diag.h"
#include "envelope_wire.h"

#include <stdlib.h>
#include <string.h>

/* A stream that lasted this long was a good one: the next failure is a first one. */
#define GOOD_STREAM_MS   (30 * 1000)
#define RETRY_MIN_MAX_MS (60 * 1000)

static void stream_open(void *impl);

void event_feed_init(struct event_feed *feed, struct control_plane *plane, struct loop *loop,
	struct event_dispatcher *dispatcher, struct clock clock)
{
	*feed = (struct event_feed){
		.plane = plane,
		.loop = loop,
		.dispatcher = dispatcher,
		.clock = clock,
		.changed_ms = loop_now_ms(),
		.stream_trouble = {.name = "event stream"},
		.event_trouble = {.name = "event"},
	};
}

void event_feed_deinit(struct event_feed *feed)
{
	api_call_cancel(feed->stream);
	loop_timer_cancel(feed->loop, &feed->retry_timer);
	free(feed->last_event_id);
	condition_clear(&feed->stream_trouble);
	condition_clear(&feed->event_trouble);
}

/* An empty id means to forget the last. One that cannot be sent again is no place to resume at. */
static void cursor_move(struct event_feed *feed, struct stream_text id)
{
	char *copy = NULL;
	if (id.length && !memchr(id.text, '\0', id.length))
		copy = strndup(id.text, id.length);
	free(feed->last_event_id);
	feed->last_event_id = copy;
}

/* Parse, verify, dispatch. Returns whether the cursor may pass the event. */
static bool event_take(struct event_feed *feed, const struct stream_event *event)
{
	const struct logger *logger = &feed->plane->logger;
	struct envelope envelope = {0};
	struct diag diag = {0};
	enum verdict verdict = VERDICT_MALFORMED;
	int error = 0;
	if (event->is_dropped)
		error = diag_fail(&diag, -1, "too long");
	else
		error = envelope_wire_read(event->data.text, event->data.length, &envelope, &diag);
	if (!error)
		event_deliver(feed->dispatcher, &envelope, feed->clock.now_ns(feed->clock.impl),
			&verdict, &diag);
	if (verdict == VERDICT_ACCEPTED) {
		condition_well(&feed->event_trouble, logger);
		backoff_reset(&feed->backoff);
		if (feed->handled)
			feed->handled(feed->impl);
	} else {
		condition_trouble(&feed->event_trouble, logger, diag_text(&diag));
	}
	envelope_clear(&envelope);
	diag_clear(&diag);
	return verdict_is_final(verdict);
}

static void on_event(void *impl, const struct stream_event *event)
{
	struct event_feed *feed = impl;
	if (event_take(feed, event) && event->has_id)
		cursor_move(feed, event->last_id);
}

static void on_id(void *impl, struct stream_text last_id)
{
	cursor_move(impl, last_id);
}

static void on_retry(void *impl, uint64_t retry_ms)
{
	struct event_feed *feed = impl;
	feed->retry_min_ms = retry_ms < RETRY_MIN_MAX_MS ? (int64_t)retry_ms : RETRY_MIN_MAX_MS;
}

static void on_opened(void *impl, const struct api_result *result)
{
	struct event_feed *feed = impl;
	control_plane_note(feed->plane, result);
	condition_well(&feed->stream_trouble, &feed->plane->logger);
	feed->is_open = true;
	feed->changed_ms = loop_now_ms();
}

static void stream_retry(struct event_feed *feed, int64_t at_least_ms)
{
	int64_t delay_ms = backoff_next_ms(&feed->backoff, &feed->plane->random);
	if (delay_ms < feed->retry_min_ms)
		delay_ms = feed->retry_min_ms;
	if (delay_ms < at_least_ms)
		delay_ms = at_least_ms;
	loop_timer_set(feed->loop, &feed->retry_timer, delay_ms, stream_open, feed);
}

static void on_closed(void *impl, const struct api_result *result)
{
	struct event_feed *feed = impl;
	bool was_open = feed->is_open;
	feed->stream = NULL;
	feed->is_open = false;
	control_plane_note(feed->plane, result);
	if (was_open) {
		if (loop_now_ms() - feed->changed_ms >= GOOD_STREAM_MS)
			backoff_reset(&feed->backoff);
		feed->changed_ms = loop_now_ms();
	}
	if (result->outcome == API_OUTCOME_FORBIDDEN || result->outcome == API_OUTCOME_NOT_FOUND) {
		feed->is_stopped = true;
		condition_trouble(&feed->stream_trouble, &feed->plane->logger, result->error);
		return;
	}
	condition_trouble(&feed->stream_trouble, &feed->plane->logger,
		*result->error ? result->error : "the control plane ended it");
	stream_retry(feed, result->retry_after_ms);
}

static void stream_open(void *impl)
{
	struct event_feed *feed = impl;
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
		condition_trouble(&feed->stream_trouble, &feed->plane->logger, diag_text(&diag));
		stream_retry(feed, 0);
	}
	diag_clear(&diag);
}

void event_feed_start(struct event_feed *feed)
{
	bool is_due = feed->is_stopped || !feed->retry_timer.is_set;
	if (feed->stream || !is_due)
		return;
	feed->is_stopped = false;
	stream_open(feed);
}

int64_t event_feed_down_ms(const struct event_feed *feed)
{
	return feed->is_open ? 0 : loop_now_ms() - feed->changed_ms;
}
