/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Order an operation list for the kernel as a list of steps, each about one peer. Pure.
 *
 * A prefix that is desired before and after never disappears in between:
 *  - Adds and updates come first. Giving a peer a prefix takes it from its present owner in the
 *    same instant, so that owner needs no step to lose it.
 *  - A peer is removed right after the last of its prefixes has moved to other peers. For a rotated
 *    key the new peer thus comes before the old one goes, in one message where both fit.
 *  - Prefixes that no peer gains are removed last, and only they. Kernels before 6.16 cannot remove
 *    a single prefix, but can move it: a temporary peer steals all of them and is removed. All
 *    prefixes of a peer are replaced only if no peer keeps or gains any of the old ones.
 */
#pragma once

#include "controller.h"

enum wg_step_kind {
	WG_STEP_SET,                /* set fields and prefixes of the peer */
	WG_STEP_REMOVE,             /* remove the peer */
	WG_STEP_REMOVE_ALLOWED_IPS, /* remove prefixes of the peer; from Linux 6.16 on */
	WG_STEP_STEAL,              /* move prefixes to a temporary peer and remove it */
};

struct wg_step {
	enum wg_step_kind kind;
	size_t op; /* the operation whose result it decides */
	const struct key_public *key;
	const struct peer_config *peer; /* set: the values of `fields` */
	unsigned fields;                /* set: PEER_FIELD_* but allowed IPs */
	uint32_t scope_id;              /* set: of a link-local endpoint */
	uint32_t flags;                 /* WGPEER_F_*, for the first fragment */
	const struct prefix *prefixes;
	size_t prefix_count;
	const size_t *prefix_ops; /* steal: the operation of each prefix */
};

struct wg_steps {
	struct wg_step *steps;
	size_t count;
	struct prefix *lost; /* the prefixes of the last two kinds of steps */
	size_t *lost_ops;
	struct arena arena;
};

struct wg_order_input {
	const struct peer_op *ops;
	size_t op_count;
	bool can_drop;                          /* the kernel removes single prefixes */
	const struct key_public *temporary_key; /* of the temporary peer; no peer has it */
	/* Look up the index of the interface that a zone names. Returns 0, or -ENXIO. */
	int (*zone_index)(const char *zone, uint32_t *ret);
};

/*
 * Order the operations. One that cannot be encoded (its endpoint is a host name, or its zone is
 * unknown) gets an error as its result and no steps; other results are unchanged. The steps borrow
 * from `input`. Returns 0, or -ENOMEM with `*ret` unchanged.
 */
int wg_order(
	const struct wg_order_input *input, struct peer_op_result *results, struct wg_steps *ret);
void wg_steps_clear(struct wg_steps *steps);
