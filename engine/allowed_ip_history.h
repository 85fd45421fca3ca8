/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this process remembers of the device's allowed IPs: as the last cycle left them, and as
 * events have changed them since. An event about a peer that is remembered gives and takes only
 * what differs, and needs no read of the device.
 *
 * As far as this process goes it is exact: a prefix that was given to one peer is none of another's
 * from then on, and a peer is forgotten when an operation on it fails. Another program may have
 * changed the device since. An event then gives too little, or takes what the peer no longer has,
 * until the next cycle reads the device and repairs that.
 *
 * Out of memory, it forgets all.
 */
#pragma once

#include "diff.h"

struct peer_op_result;

/* What events may take until a cycle begins anew. Beyond that all is forgotten. */
#define ALLOWED_IP_CHANGES_BYTES_MAX ((size_t)16 << 20)

struct allowed_ip_record {
	struct key_public public_key;
	const struct prefix *allowed_ips; /* sorted; among the `prefixes` of all */
	uint32_t count;
};

struct allowed_ip_history {
	/* As the last cycle left the device. */
	struct allowed_ip_record *records; /* sorted by key */
	size_t record_count;
	struct prefix *prefixes;
	/* What events have done since, as trees (search.h). */
	void *changed; /* peers, by key */
	void *given;   /* prefixes, each with the peer that it was given to last */
	size_t changed_bytes;
};

/*
 * A cycle has read `actual` and carried out `diff`, as `results` tell of its operations: all else
 * is forgotten. So are peers whose operation failed, that may have lost a prefix to one that did,
 * or whose removal is held back.
 */
void allowed_ip_history_load(struct allowed_ip_history *history, const struct peer_table *actual,
	const struct peer_diff *diff, const struct peer_op_result *results);

/*
 * The allowed IPs that the peer has, sorted: an array for the caller to free, of one element at
 * least. NULL if they are not remembered.
 */
struct prefix *allowed_ip_history_recall(const struct allowed_ip_history *history,
	const struct key_public *key, uint32_t *ret_count);

/* The peer was given the allowed IPs of `peer` and has no others. */
void allowed_ip_history_set(struct allowed_ip_history *history, const struct peer_config *peer);
/* The same was tried and failed: who has them is not known. */
void allowed_ip_history_fail(struct allowed_ip_history *history, const struct peer_config *peer);
/* The peer was removed, or nobody knows. */
void allowed_ip_history_forget(struct allowed_ip_history *history, const struct key_public *key);
void allowed_ip_history_clear(struct allowed_ip_history *history);
