/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A state as the engine has it in force, told as a state document.
 *
 * An entry that could not be used is told as one that cannot be used for the same reason, with the
 * id and the key that could be read of it, and a value of our own in the place of the bad one: that
 * may be anything, a secret in the wrong member for one.
 */
#pragma once

#include "pending_events.h"
#include "scenario_writer.h"
#include "state_document.h"

struct recorded_state {
	const struct state_document *document;
	const struct pending_events *pending; /* laid over the document; may be NULL */
	bool with_signing_keys;
	/*
	 * Peers whose removal was withheld, recorded as unusable entries, which retain them. The
	 * index knows them, as it does without such an entry.
	 */
	const struct key_public *held;
	size_t held_count;
};

void scenario_write_state(
	struct scenario_writer *scenario_writer, const struct recorded_state *state);

/* A usable peer in wire form. */
void tell_peer(struct scenario_writer *scenario_writer, const struct peer_config *peer);
/* An unusable one. */
void scenario_write_unusable(
	struct scenario_writer *scenario_writer, const struct peer_entry *entry);
