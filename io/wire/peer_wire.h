/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One peer in wire form, an element of `peers` or the payload of an event.
 *
 * What is wrong with a peer is no error of the reader: the entry it makes is then unusable and says
 * why, naming place, id and member, never a secret:
 *
 *     peers[3] "peer-7": allowed_ips[0]: "10.0.0.0/33": prefix length over 32
 *
 * An unusable entry still has the id and the public key wherever there is just one of each and it
 * can be read, so that the peer can be found on the device and left alone.
 */
#pragma once

#include "json_read.h"
#include "state_document.h"
#include "unknown_members.h"

/* What fits a host. */
#define PEERS_MAX_DEFAULT             ((size_t)65536)
#define ALLOWED_IPS_MAX_DEFAULT       ((size_t)1024)
#define ALLOWED_IPS_TOTAL_MAX_DEFAULT ((size_t)262144)

struct peer_wire_options {
	uint16_t default_keepalive_s; /* for peers that name none */
	bool allow_host_names; /* else an endpoint with a host name makes the entry unusable */
	/* Zero: the defaults. More entries than that make a document unusable... */
	size_t peers_max;
	/* ... more of these, as they are written, an entry, ... */
	size_t allowed_ips_max;
	/* ... and more of these, of all usable entries in canonical form, the document. */
	size_t allowed_ips_total_max;
};

/* The same options with the limits that apply to what is zero. */
struct peer_wire_options peer_wire_options_resolve(const struct peer_wire_options *options);
/* ... and without limits: for what was taken before, and is limited by its size alone. */
struct peer_wire_options peer_wire_options_unlimited(const struct peer_wire_options *options);

struct peer_wire {
	struct json_reader *reader;
	struct peer_wire_options options;
	struct arena *arena;             /* all that the entries point to */
	struct unknown_members *unknown; /* may be NULL: nobody asks */
};

/* The peer stands alone, in no array: errors name no place. */
#define PEER_WIRE_ALONE SIZE_MAX

/* `index` is its place in `peers`. Returns 0, the entry being usable or not, or -ENOMEM. */
int peer_wire_read(
	const struct peer_wire *wire, struct json_span span, size_t index, struct peer_entry *ret);
