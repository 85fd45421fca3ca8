/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records a signed event as the data of a `deliver` step. The replay rejects it for the same
 * reason, or accepts it: it is signed again, with a key that replaces the current one.
 */
#pragma once

#include "envelope.h"
#include "events.h"
#include "recorded_nonces.h"
#include "scenario_writer.h"

/* An event that was delivered. */
struct recorded_event {
	char *faults;  /* `fail` steps before it; "" or ended by a comma; owned */
	char *type;    /* as recorded; owned */
	char *payload; /* as recorded: JSON; owned. NULL unless the event was accepted */
	enum verdict verdict;
	bool has_failed; /* its handler returned an error */
	bool has_event_id, has_nonce, has_issued_at, has_signature;
	struct anonymous_token event_id, nonce;
	int64_t issued_at_ns;
	int64_t now_ns; /* when the engine handled it */
	struct key_public signing_key;
};

/*
 * Note `envelope` and what the engine did with it. The dispatcher's reader reads the payload, so
 * that host names are recorded as the addresses that they resolved to. Returns 0 or an error as of
 * struct scenario_writer; `*ret` is then unchanged.
 */
int recorded_event_take(struct anonymizer *anonymizer, const struct event_dispatcher *dispatcher,
	const struct envelope *envelope, enum verdict verdict, int error,
	struct recorded_event *ret);
/*
 * Write the step, which happens at `at_ns` in the recording: its times are moved by as much.
 * `nonces` are those of the steps before it. An accepted event adds its own.
 */
void scenario_write_event(struct scenario_writer *writer, const struct recorded_event *event,
	struct recorded_nonces *nonces, int64_t at_ns);
void recorded_event_clear(struct recorded_event *event);
