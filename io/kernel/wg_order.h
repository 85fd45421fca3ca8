/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In which order the kernel is asked for what a list of operations wants: a list of steps, each
 * about one peer. Pure.
 *
 * No prefix that is wanted before and after is absent in between:
 *  - First peers get what they are to have. A prefix that another peer had is stolen in one move,
 *    and then is not taken from that peer any more.
 *  - A peer is removed right after the last of its prefixes has gone to others, so that a rotated
 *    key is made before it is broken, in one message where both fit.
 *  - Prefixes that nobody gains go last, and only they. Kernels before 6.16 cannot remove one
 *    prefix of a peer, but can give it to another: there a temporary peer takes all of them and is
 *    removed. All prefixes of a peer are replaced only if none of them is wanted by anybody.
 */
#pragma once

#include "controller.h"

enum wg_step_kind {
	WG_STEP_SET,                /* the peer gets fields and prefixes */
	WG_STEP_REMOVE,             /* the peer goes */
	WG_STEP_REMOVE_ALLOWED_IPS, /* the peer loses prefixes; from Linux 6.16 on */
	WG_STEP_STEAL,              /* prefixes go along with a temporary peer */
};

struct wg_step {
	enum wg_step_kind kind;
	size_t op; /* whose result this counts for */
	const struct key_public *key;
	const struct peer_config *peer; /* set: the values of `fields` */
	unsigned fields;                /* set: PEER_FIELD_* but allowed IPs */
	uint32_t scope_id;              /* set: of a link-local endpoint */
	uint32_t flags;                 /* WGPEER_F_*, for the first fragment */
	const struct prefix *prefixes;
	size_t prefix_count;
	const size_t *prefix_ops; /* take: the operation of each prefix */
};

struct wg_steps {
	struct wg_step *steps;
	size_t count;
	struct prefix *lost; /* what drop and take steps point to */
	size_t *lost_ops;
	struct arena arena;
};

struct wg_order_input {
	const struct peer_op *ops;
	size_t op_count;
	bool can_drop;                          /* the kernel removes single prefixes */
	const struct key_public *temporary_key; /* of a peer that nobody has */
	/* The index of the interface that a zone names. 0, or -ENXIO. */
	int (*zone_index)(const char *zone, uint32_t *ret);
};

/*
 * An operation that cannot be put into words (its endpoint is a host name, or its zone is unknown)
 * gets its result and no steps; other results stay as they are. The steps borrow from `input`.
 * Returns 0, or -ENOMEM with `*ret` as before.
 */
int wg_order(
	const struct wg_order_input *input, struct peer_op_result *results, struct wg_steps *ret);
void wg_steps_clear(struct wg_steps *steps);
