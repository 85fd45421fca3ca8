/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records a signed event as the data of a `deliver` step: rejected for the same reason, or
 * accepted, and signed again with a key that stands for the current one.
 */
#pragma once

#include "envelope.h"
#include "events.h"
#include "recorded_nonces.h"
#include "scenario_writer.h"

/* An event that came. */
struct recorded_event {
	char *faults;  /* `fail` steps before it; "" or ended by a comma; owned */
	char *type;    /* as recorded; owned */
	char *payload; /* as recorded: JSON; owned. NULL unless the event was accepted */
	enum verdict verdict;
	bool has_failed; /* its handler did */
	bool has_event_id, has_nonce, has_issued_at, has_signature;
	struct pseudonym_token event_id, nonce;
	int64_t issued_at_ns;
	int64_t now_ns; /* when it was handled */
	struct key_public signing_key;
};

/*
 * Takes down what `envelope` was, and what became of it. Payloads are read with the dispatcher's
 * reader, so that host names are told as what they were resolved to. Returns 0 or an error as of
 * struct scenario_writer, `*ret` then being zero.
 */
int recorded_event_take(struct pseudonyms *names, const struct event_dispatcher *dispatcher,
	const struct envelope *envelope, enum verdict verdict, int error,
	struct recorded_event *ret);
/*
 * The step, which happens at `at_ns` in the recording: what it says of time is moved by as much.
 * `nonces` are those of the steps before it, and this one's is added.
 */
void scenario_write_event(struct scenario_writer *scenario_writer,
	const struct recorded_event *event, struct recorded_nonces *nonces, int64_t at_ns);
void recorded_event_clear(struct recorded_event *event);
