/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the state that the engine has in force as a state document.
 *
 * An unusable entry becomes one that is unusable for the same reason. It has the id and the key
 * that could be read, and a fixed value in place of the bad one, which may be anything: for example
 * a secret in the wrong member.
 */
#pragma once

#include "pending_events.h"
#include "scenario_writer.h"
#include "state_document.h"

struct recorded_state {
	const struct state_document *document;
	const struct pending_events *pending; /* newer than the document; may be NULL */
	bool with_signing_keys;
	/*
	 * Peers whose removal was withheld. They become unusable entries, which retain them; the
	 * index knows them in either case.
	 */
	const struct key_public *withheld;
	size_t withheld_count;
};

void scenario_write_state(struct scenario_writer *writer, const struct recorded_state *state);

/* Write a usable peer in wire form. */
void scenario_write_peer(struct scenario_writer *writer, const struct peer_config *peer);
/* Write an unusable entry. */
void scenario_write_unusable(struct scenario_writer *writer, const struct peer_entry *entry);
