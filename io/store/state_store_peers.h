/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Write and read what is cached besides a state document, as members of a JSON object:
 *
 *     "index": {"peer-2": "KEY", ...}, "events": [{"removed": "peer-3"}, {"peer": {wire form}}]
 *
 * the key that each id has on the device, and the events that no fetch has superseded yet.
 */
#pragma once

#include "canonical_json.h"
#include "peer_index.h"
#include "peer_wire.h"
#include "pending_events.h"

/* The content to write. */
struct state_store_peers {
	const struct pending_events *pending;
	const struct peer_names *names;
};

/* Write the two members without braces. The text contains secrets if the events do. */
void state_store_peers_put(struct canonical_writer *writer, const struct state_store_peers *peers);

/* The content read. */
struct state_store_peers_found {
	struct pending_events pending;
	struct peer_name *names; /* in the arena, with their ids; for peer_index_load_from_peers */
	size_t name_count;
	struct arena arena;
};

/* The two members as they are written; no text: missing. */
struct stored_peers_spans {
	struct json_span index, events;
};

/*
 * Read the two members. `options` are the daemon's. Returns 0, -ENOMEM, or -EINVAL with
 * the place in the text; on failure `*ret` is unchanged.
 */
int state_store_peers_read(const struct stored_peers_spans *spans,
	const struct peer_wire_options *options, struct state_store_peers_found *ret,
	struct diag *diag);
/* Wipe and free; returns to the zero state. */
void state_store_peers_clear(struct state_store_peers_found *found);
