/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read one peer in wire form: an element of `peers` or the payload of an event.
 *
 * An invalid peer is not an error of the reader. It makes an unusable entry, whose error names
 * place, id and member, never a secret:
 *
 *     peers[3] "peer-7": allowed_ips[0]: "10.0.0.0/33": prefix length over 32
 *
 * An unusable entry still carries the id and the public key if each is there once and is valid, so
 * that the peer can be found on the device and retained.
 */
#pragma once

#include "json_span.h"
#include "state_document.h"
#include "unknown_members.h"

/* Enough for one host. */
#define PEERS_MAX_DEFAULT             ((size_t)65536)
#define ALLOWED_IPS_MAX_DEFAULT       ((size_t)1024)
#define ALLOWED_IPS_TOTAL_MAX_DEFAULT ((size_t)262144)

struct peer_wire_options {
	uint16_t default_keepalive_s; /* for peers that name none */
	bool allow_host_names; /* else an endpoint with a host name makes the entry unusable */
	/* Limits; 0 means the default. */
	size_t peers_max;             /* entries of a document; more make it unusable */
	size_t allowed_ips_max;       /* as written in an entry; more make it unusable */
	size_t allowed_ips_total_max; /* canonical, of all usable entries of a document */
};

/* Return the options with limits of 0 replaced by their defaults. */
struct peer_wire_options peer_wire_options_resolve(const struct peer_wire_options *options);
/* Return the options without limits, for a document that was accepted once before. */
struct peer_wire_options peer_wire_options_unlimited(const struct peer_wire_options *options);

struct peer_wire {
	struct peer_wire_options options;
	struct arena *arena;             /* owns all that the entries point to */
	struct unknown_members *unknown; /* NULL: do not collect */
};

/* The index of a peer outside an array: errors name no place. */
#define PEER_WIRE_ALONE SIZE_MAX

/* Read the peer at the cursor, and move on to the next element. As peer_wire_read. */
int peer_wire_read_next(const struct peer_wire *wire, struct json_cursor *cursor, size_t index,
	struct peer_entry *ret);
/* `index` is the entry's place in `peers`. Returns 0 for a usable or unusable entry, or -ENOMEM. */
int peer_wire_read(
	const struct peer_wire *wire, struct json_span span, size_t index, struct peer_entry *ret);
