/* SPDX-License-Identifier: Apache-2.0 */
/* Receives events as the daemon does: from the bytes of a stream to a handler. */
#pragma once

#include "scenario_run.h"

/* Dispatch the payload of an envelope that was verified. */
int scenario_event(
	struct scenario_run *run, const char *type, struct json_span payload, struct diag *diag);

/* Receive the data of one server-sent event. A rejected one is logged as well. */
int scenario_deliver(struct scenario_run *run, struct json_span data, struct diag *diag);

/*
 * Receive the bytes of a stream that ends after the last chunk. Skips bad events. Returns 0 or
 * -ENOMEM.
 */
int scenario_stream(
	struct scenario_run *run, const struct json_span *chunks, size_t count, struct diag *diag);
