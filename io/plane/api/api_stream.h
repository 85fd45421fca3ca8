/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control plane's event stream. It stays open until either side closes it; the caller decides
 * when to open it again.
 */
#pragma once

#include "api_client.h"
#include "event_stream.h"

struct api_stream_callbacks {
	/* The control plane has started the stream. The outcome is OK; the result has its Date. */
	void (*on_opened)(void *impl, const struct api_result *result);
	/* As in io/wire/event_stream.h, events over the limit included. */
	void (*on_event)(void *impl, const struct stream_event *event);
	void (*on_id)(void *impl, struct stream_text last_id);
	void (*on_retry)(void *impl, uint64_t retry_ms);
	/*
	 * The stream has ended, or could not be opened. Called once, and not after api_call_cancel.
	 * OK: the control plane closed it. TIMED_OUT: it sent nothing for too long.
	 */
	void (*on_closed)(void *impl, const struct api_result *result);
	void *impl;
};

/*
 * Open the stream. If `last_event_id` is not NULL or empty and can be sent, the control plane
 * resumes after that event. api_call_cancel closes the stream, from its own callbacks too; no
 * callback follows, not even for events already received. Returns 0, -ENOMEM, or -EINVAL for a
 * token that cannot be sent.
 */
int api_stream_open(struct api_client *client, const char *token, const char *last_event_id,
	const struct api_stream_callbacks *callbacks, struct api_call **ret, struct diag *diag);
