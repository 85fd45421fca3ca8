/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The endpoints that this process applied to its peers, and when it saw their handshakes.
 *
 * A desired endpoint is a seed: peers roam, and the device knows better than the control plane
 * where they are. So a desired endpoint that differs from the device's counts as a difference only
 * if
 *  (a) it changed since this process last applied or first compared it, or an attempt to set it
 *      failed, or
 *  (b) the peer is silent: its last handshake is more than 180 s old, or it had none; and either
 *      this process sees the peer for the first time, or bytes were sent to it since this process
 *      first saw that handshake. An idle peer makes no handshakes, so age alone is not enough.
 * An absent desired endpoint never counts as a difference.
 *
 * A desired host name stands for a set of addresses in any order. endpoint_history_choose picks the
 * one to which the rules above apply:
 *  - the address in use, while it is among the answers: the device's, else the one last applied;
 *  - else the first answer, if the peer is silent, has no endpoint, or the desired name changed;
 *  - else the endpoint last applied.
 * A name without an answer counts as an absent endpoint.
 */
#pragma once

#include "clock.h"
#include "name_lookup.h"
#include "peer_table.h"

#define ENDPOINT_SILENT_AFTER_S 180

/* The record of one peer. Its endpoints are never host names, so it owns no texts. */
struct endpoint_record {
	struct key_public public_key;
	bool has_baseline;        /* `baseline` was applied, or was desired when first compared */
	struct endpoint baseline; /* its `name` is that of the desired value last compared */
	bool has_due;             /* `due` has to be set and is not set yet */
	struct endpoint due;
	bool seen; /* a cycle compared a device read that had the peer */
	int64_t last_handshake_s;
	/* The time of that handshake on the boot clock, converted from the wall clock when this
	 * process first saw it. A handshake in the future counts as now. */
	int64_t handshake_boot_s;
	uint64_t tx_bytes; /* when this process first saw that handshake */
	bool is_forgotten; /* the peer was removed; treat the record as absent */
};

struct endpoint_history {
	struct endpoint_record *records; /* peers that the last cycle compared, sorted by key */
	size_t count;
	void *added; /* all other peers, a tree (search.h) */
};

/*
 * If `desired` has a host name, replace it by the chosen address, or by no endpoint while no
 * address is known. `actual` is the peer on the device; NULL: it does not exist or was not read.
 */
void endpoint_history_choose(const struct endpoint_history *history,
	const struct name_lookup *lookup, struct peer_config *desired,
	const struct peer_config *actual, struct moment now);

/* Return whether the peer is silent by rule (b). */
bool endpoint_history_is_silent(const struct endpoint_history *history,
	const struct peer_config *actual, struct moment now);

/* Return the endpoint last applied, or desired when first compared. NULL: none yet. */
const struct endpoint *endpoint_history_baseline(
	const struct endpoint_history *history, const struct key_public *key);

/* Return whether the desired endpoint differs from `actual` by the rules above. */
bool endpoint_history_is_due(const struct endpoint_history *history,
	const struct peer_config *desired, const struct peer_config *actual, struct moment now);

/*
 * Record that a cycle compared `actual`, a complete device read, with `desired`. Peers that are not
 * in `actual` lose their record, the others count as seen. A desired value compared for the first
 * time becomes the baseline. A due endpoint stays due until endpoint_history_applied. Return 0, or
 * -ENOMEM with the history unchanged.
 */
int endpoint_history_compared(struct endpoint_history *history, const struct peer_table *desired,
	const struct peer_table *actual, struct moment now);

/*
 * Record that the peer was written with `endpoint`. `fresh` means that the peer was not on the
 * device before, which resets its record. For a fresh peer and for one without a record, no
 * endpoint is a baseline too. Return 0 or -ENOMEM.
 */
int endpoint_history_applied(struct endpoint_history *history, const struct key_public *key,
	const struct endpoint *endpoint, bool fresh);
/* Record that setting `endpoint` failed: it stays due. Return 0 or -ENOMEM. */
int endpoint_history_failed(struct endpoint_history *history, const struct key_public *key,
	const struct endpoint *endpoint);
/* Drop the record of a peer that was removed. */
void endpoint_history_forget(struct endpoint_history *history, const struct key_public *key);
void endpoint_history_clear(struct endpoint_history *history);
