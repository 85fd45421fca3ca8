/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allowed IPs that peers have on the device, as far as this process knows: as the last cycle
 * left them and as events have changed them since. An event for a peer with a record adds and
 * removes only the prefixes that differ, without reading the device.
 *
 * The history is exact for what this process does: a prefix set on one peer leaves the other, and a
 * failed operation drops the record of its peer. It does not see what other programs change. An
 * event may then set too few prefixes, or remove one that the peer no longer has; the next cycle
 * reads the device and repairs that.
 *
 * When out of memory, the history drops all records.
 */
#pragma once

#include "diff.h"

struct peer_op_result;

/* Limit of the memory for changes by events between two cycles. Above it, all records are lost. */
#define ALLOWED_IP_CHANGES_BYTES_MAX ((size_t)16 << 20)

struct allowed_ip_record {
	struct key_public public_key;
	const struct prefix *allowed_ips; /* sorted; part of `prefixes` */
	uint32_t count;
};

struct allowed_ip_history {
	/* The device as the last cycle left it. */
	struct allowed_ip_record *records; /* sorted by key */
	size_t record_count;
	struct prefix *prefixes;
	/* Changes by events since then, as trees (search.h). */
	void *changed; /* peers, by key */
	void *given;   /* prefixes, each with the peer that it was last set on */
	size_t changed_bytes;
};

/*
 * Replace the history after a cycle that read `actual` and executed `diff` with `results`. A peer
 * gets no record if its operation failed, if its removal is withheld, or if it may have lost a
 * prefix to a peer whose operation failed.
 */
void allowed_ip_history_load(struct allowed_ip_history *history, const struct peer_table *actual,
	const struct peer_diff *diff, const struct peer_op_result *results);

/*
 * Return the allowed IPs that the peer has, sorted, in an array that the caller frees (not NULL
 * even if there are none). Return NULL if they are unknown or when out of memory.
 */
struct prefix *allowed_ip_history_recall(const struct allowed_ip_history *history,
	const struct key_public *key, uint32_t *ret_count);

/* Record that the peer has exactly the allowed IPs of `peer`. */
void allowed_ip_history_set(struct allowed_ip_history *history, const struct peer_config *peer);
/* Record that setting them failed: it is unknown which peers have them. */
void allowed_ip_history_fail(struct allowed_ip_history *history, const struct peer_config *peer);
/* Drop the record of a peer that was removed, or whose state is unknown. */
void allowed_ip_history_forget(struct allowed_ip_history *history, const struct key_public *key);
/* Drop all records. */
void allowed_ip_history_clear(struct allowed_ip_history *history);
