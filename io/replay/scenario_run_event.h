/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events on their way in, as the daemon takes them: from bytes of a stream to a handler.
 */
#pragma once

#include "scenario_run.h"

/* An envelope that was verified: straight to the dispatcher. */
int scenario_event(
	struct scenario_run *run, const char *type, struct json_span payload, struct diag *diag);

/* The data of one server-sent event. One that is refused is logged as well. */
int scenario_deliver(struct scenario_run *run, struct json_span data, struct diag *diag);

/* The bytes of a stream that ends after the last chunk. Bad events are skipped. Returns 0 or
 * -ENOMEM. */
int scenario_stream(
	struct scenario_run *run, const struct json_span *chunks, size_t count, struct diag *diag);
