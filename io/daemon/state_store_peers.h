/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the cache keeps besides a state document, as members of a JSON object:
 *
 *     "index": {"peer-2": "KEY", ...}, "events": [{"removed": "peer-3"}, {"peer": {wire form}}]
 *
 * the key that each id has on the device, and the events that no fetch has overtaken yet.
 */
#pragma once

#include "canonical_json.h"
#include "peer_index.h"
#include "peer_wire.h"
#include "pending_events.h"

/* What is kept. */
struct state_store_peers {
	const struct pending_events *overlay;
	const struct peer_names *names;
	uint64_t overtaken_order; /* events up to it are left out; 0: none are */
};

/* The two members, without braces around them. The text holds secrets if the events do. */
void state_store_peers_put(struct canonical_writer *writer, const struct state_store_peers *peers);

/* What was kept. */
struct state_store_peers_found {
	struct pending_events overlay;
	struct peer_name *names; /* the arena's, as their ids; for peer_index_load_from_peers */
	size_t name_count;
	struct arena arena;
};

/*
 * Reads the two members of `object`. `options` are those of the daemon. Returns 0, -ENOMEM, or
 * -EINVAL with the place, `*ret` then being as before.
 */
int state_store_peers_read(struct json_span object, const struct peer_wire_options *options,
	struct state_store_peers_found *ret, struct diag *diag);
/* Wipes and frees; back to the zero state. */
void state_store_peers_clear(struct state_store_peers_found *found);
