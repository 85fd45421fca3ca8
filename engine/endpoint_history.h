/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this process remembers of its peers' endpoints.
 *
 * An endpoint is a seed: peers roam, and the device knows better than the control plane where they
 * are. So a desired endpoint that differs from the device's is a difference only when
 *  (a) it changed since this process last applied or first compared it, or it could not be set
 *      when it was due, or
 *  (b) the peer is silent (no handshake for 180 s, or never one) and either this process sees it
 *      for the first time, or bytes were sent to it since that handshake was first seen: an idle
 *      peer makes no handshakes, and that is no reason to forget where it is.
 * No desired endpoint is never a difference.
 *
 * A desired host name stands for a set of addresses, in any order. endpoint_history_choose makes
 * one desired endpoint of it, to which the rules above apply. It is the address in use, the
 * device's or else the one last applied, while that is among the answers. A new answer counts for a
 * silent peer and for one without an endpoint; any other keeps what was last applied, unless the
 * desired name is another. A name without an answer is no desired endpoint.
 */
#pragma once

#include "clock.h"
#include "name_lookup.h"
#include "peer_table.h"

#define ENDPOINT_SILENT_AFTER_S 180

/* An endpoint without a host name, by value. */
struct endpoint_record {
	struct key_public public_key;
	bool has_baseline;        /* `baseline` was applied, or was desired when first compared */
	struct endpoint baseline; /* its `name` is that of the desired value last compared */
	bool has_due;             /* `due` was to be set, and was not */
	struct endpoint due;
	bool seen; /* a cycle compared a device read that held the peer */
	int64_t last_handshake_s;
	/* When that was: by the wall clock as it stood when this process first saw it, and from
	 * there by the boot clock. One from the future counts as now. */
	int64_t handshake_boot_s;
	uint64_t tx_bytes; /* when that handshake was first seen */
	bool is_forgotten; /* the peer was removed: there is no record */
};

struct endpoint_history {
	struct endpoint_record
		*records; /* of the peers that a cycle compared last, sorted by key */
	size_t count;
	void *added; /* those of others, as a tree (search.h) */
};

/*
 * If `desired` has a host name, makes it the address that the peer shall have, or no endpoint while
 * none is known. `actual` is the peer on the device; NULL: it is not there, or was not read.
 */
void endpoint_history_choose(const struct endpoint_history *memory,
	const struct name_lookup *lookup, struct peer_config *desired,
	const struct peer_config *actual, struct moment now);

/* Whether the peer is silent: rule (b). */
bool endpoint_history_is_silent(
	const struct endpoint_history *memory, const struct peer_config *actual, struct moment now);

/* What was last applied to the peer or desired when first compared; NULL: nothing yet. */
const struct endpoint *endpoint_history_baseline(
	const struct endpoint_history *memory, const struct key_public *key);

/* Whether the desired endpoint is to be set on a peer that has `actual`. */
bool endpoint_history_is_due(const struct endpoint_history *memory,
	const struct peer_config *desired, const struct peer_config *actual, struct moment now);

/*
 * A cycle compared `actual`, a whole device read, with `desired`: peers that are gone are
 * forgotten, the others are seen, values met for the first time become baselines, and what is due
 * stays so until endpoint_history_applied. Returns 0, or -ENOMEM with the memory as before.
 */
int endpoint_history_compared(struct endpoint_history *memory, const struct peer_table *desired,
	const struct peer_table *actual, struct moment now);

/*
 * The peer was written with this endpoint. `fresh`: it was not on the device before, so that all
 * else is forgotten; for such a peer, and for one not yet known, none is a value too. Returns 0 or
 * -ENOMEM.
 */
int endpoint_history_applied(struct endpoint_history *memory, const struct key_public *key,
	const struct endpoint *endpoint, bool fresh);
/* This endpoint was to be set and could not be. Returns 0 or -ENOMEM. */
int endpoint_history_failed(struct endpoint_history *memory, const struct key_public *key,
	const struct endpoint *endpoint);
/* The peer was removed. */
void endpoint_history_forget(struct endpoint_history *memory, const struct key_public *key);
void endpoint_history_clear(struct endpoint_history *memory);
