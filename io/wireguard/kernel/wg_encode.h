/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encode requests to the kernel's WireGuard as generic netlink messages. Pure: no socket.
 *
 * A message holds steps until a limit is reached. The next message continues at the same place,
 * which may lie within the prefixes of one peer:
 *
 *     struct wg_cursor cursor = {0};
 *     while (cursor.step < steps.count) {
 *             wg_encode_steps(&target, &steps, &limits, cursor, false, &message);
 *             ... send message.message ...
 *             cursor = message.end;
 *             wg_message_free(message.message);
 *     }
 *
 * Messages may hold secrets; wg_message_free wipes them.
 */
#pragma once

#include "wg_order.h"

struct nl_msg;

/* An attribute's length has 16 bits, and nearly all of a message is one attribute. */
#define WG_MESSAGE_BYTES_MAX 65536
/* Enough for any peer with one of its prefixes. */
#define WG_MESSAGE_BYTES_MIN 200

/* The receiver of a message. */
struct wg_target {
	uint16_t family; /* number of WireGuard's generic netlink family */
	int index;       /* of the interface */
};

struct wg_limits {
	size_t bytes;    /* per message */
	size_t removals; /* of peers per message: each locks all links for some milliseconds */
	size_t pieces;   /* per message */
	size_t messages; /* sent at once; 0 means 1 */
};

/*
 * A place between two pieces. A piece is the smallest part that the kernel can refuse: the part of
 * a step that is in one message, or one prefix of a steal step.
 */
struct wg_cursor {
	size_t step;
	size_t prefix; /* over 0: the step continues with this prefix */
};

struct wg_message {
	struct nl_msg *message; /* owned by the caller */
	size_t piece_count;
	bool has_temporary; /* creates and removes the temporary peer */
	bool stands_alone;  /* only sets peers, and continues no peer of an earlier message */
	struct wg_cursor end;
};

/*
 * Encode at least one piece, from `begin` on. `again`: these pieces were sent before and the kernel
 * may have executed them, so no peer's prefixes are replaced a second time. Returns 0, -ENOMEM, or
 * -EMSGSIZE if not even one piece fits the limits. On failure `*ret` is unchanged.
 */
int wg_encode_steps(const struct wg_target *target, const struct wg_steps *steps,
	const struct wg_limits *limits, struct wg_cursor begin, bool again, struct wg_message *ret);

/* The functions below return a message for the caller to free, or NULL if out of memory. */
/* Remove all peers. */
struct nl_msg *wg_encode_remove_all(const struct wg_target *target);
struct nl_msg *wg_encode_remove(const struct wg_target *target, const struct key_public *key);
/* NULL leaves a setting unchanged. */
struct nl_msg *wg_encode_device(const struct wg_target *target,
	const struct key_secret *private_key, const uint16_t *listen_port);
struct nl_msg *wg_encode_fwmark(const struct wg_target *target, uint32_t fwmark);
/* The kernel answers -EINVAL if the peer exists, 0 if not. Changes nothing. */
struct nl_msg *wg_encode_presence_probe(
	const struct wg_target *target, const struct key_public *key);
/* Request a dump of the whole device. */
struct nl_msg *wg_encode_get(const struct wg_target *target);

/* Wipe and free; NULL is allowed. */
void wg_message_free(struct nl_msg *message);
