/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control plane's stream of events. It is open until it is closed from either side; opening it
 * again, and when, is for the caller.
 */
#pragma once

#include "api_client.h"
#include "event_stream.h"

struct api_stream_callbacks {
	/* The control plane agreed to stream. The outcome is OK; its Date is there to look at. */
	void (*on_opened)(void *impl, const struct api_result *result);
	/* As io/wire/event_stream.h says, also of events that were too long. */
	void (*on_event)(void *impl, const struct stream_event *event);
	void (*on_id)(void *impl, struct stream_text last_id);
	void (*on_retry)(void *impl, uint64_t retry_ms);
	/*
	 * The stream is over, or was never opened; once, and not after api_call_cancel. OK: the
	 * control plane ended it. TIMED_OUT: it fell silent.
	 */
	void (*on_closed)(void *impl, const struct api_result *result);
	void *impl;
};

/*
 * Opens the stream, from the event after `last_event_id` on if that is not NULL or empty and can
 * be sent. It is closed by api_call_cancel, from its own callbacks too, after which none of them is
 * called, not even for events that had already come. Returns 0, -ENOMEM, or -EINVAL for a token
 * that cannot be sent.
 */
int api_stream_open(struct api_client *client, const char *token, const char *last_event_id,
	const struct api_stream_callbacks *callbacks, struct api_call **ret, struct diag *diag);
