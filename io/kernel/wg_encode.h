/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to the kernel's WireGuard as generic netlink messages. Pure: no socket.
 *
 * Steps are written until a limit is reached and go on in the next message, from the same place
 * also within the prefixes of one peer:
 *
 *     struct wg_cursor cursor = {0};
 *     while (cursor.step < steps.count) {
 *             wg_encode_steps(&target, &steps, &limits, cursor, false, &message);
 *             ... send message.message ...
 *             cursor = message.end;
 *             wg_message_free(message.message);
 *     }
 *
 * Messages hold secrets until wg_message_free.
 */
#pragma once

#include "wg_order.h"

struct nl_msg;

/* An attribute's length has 16 bits, and nearly all of a message is one attribute. */
#define WG_MESSAGE_BYTES_MAX 65536
/* Any one peer with one of its prefixes fits. */
#define WG_MESSAGE_BYTES_MIN 200

/* Whom a message is for. */
struct wg_target {
	uint16_t family; /* number of WireGuard's generic netlink family */
	int index;       /* of the interface */
};

struct wg_limits {
	size_t bytes;    /* of a whole message */
	size_t removals; /* of peers: the kernel holds up all links for some milliseconds at each */
	size_t pieces;
	size_t messages; /* that go at once; 0 is 1 */
};

/*
 * A place between two pieces. A piece is what one answer of the kernel can be about: the part of a
 * step that is in one message, or one prefix of a take step.
 */
struct wg_cursor {
	size_t step;
	size_t prefix; /* over 0: the step goes on with this prefix */
};

struct wg_message {
	struct nl_msg *message; /* owned by whoever asked */
	size_t piece_count;
	bool has_temporary; /* makes and removes the temporary peer */
	bool stands_alone;  /* only sets peers, and goes on with none that was begun before */
	struct wg_cursor end;
};

/*
 * Writes from `begin` on, at least one piece. `again`: what is written was sent before and may have
 * been carried out, so that no peer is stripped of all its prefixes a second time. Returns 0,
 * -ENOMEM, or -EMSGSIZE for limits that let nothing through, `*ret` then being as before.
 */
int wg_encode_steps(const struct wg_target *target, const struct wg_steps *steps,
	const struct wg_limits *limits, struct wg_cursor begin, bool again, struct wg_message *ret);

/* These return NULL when memory is out. */
/* All peers go. */
struct nl_msg *wg_encode_remove_all(const struct wg_target *target);
struct nl_msg *wg_encode_remove(const struct wg_target *target, const struct key_public *key);
/* Either may be left out by NULL. */
struct nl_msg *wg_encode_device(const struct wg_target *target,
	const struct key_secret *private_key, const uint16_t *listen_port);
struct nl_msg *wg_encode_fwmark(const struct wg_target *target, uint32_t fwmark);
/* Refused with -EINVAL if there is such a peer, else taken. Changes nothing. */
struct nl_msg *wg_encode_presence_probe(
	const struct wg_target *target, const struct key_public *key);
/* Asks for all of the device. */
struct nl_msg *wg_encode_get(const struct wg_target *target);

/* Wipes and frees; NULL is nothing. */
void wg_message_free(struct nl_msg *message);
