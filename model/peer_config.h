/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One peer of the interface, as it is wanted or as a device reports it, in canonical form.
 */
#pragma once

#include "endpoint.h"
#include "key.h"
#include "prefix.h"

struct arena;
struct diag;

/* What a device counts. Zero in a peer that is wanted. */
struct peer_status {
	int64_t last_handshake_s; /* Unix time; 0: never */
	uint64_t rx_bytes;
	uint64_t tx_bytes;
};

struct peer_config {
	struct key_public public_key;
	struct key_secret psk; /* zero: none */
	struct endpoint endpoint;
	const struct prefix *allowed_ips; /* sorted, no repeats; borrowed */
	uint32_t allowed_ip_count;
	uint16_t persistent_keepalive_s; /* 0: off */
	bool psk_is_hidden;              /* a device's: there is one, which it does not tell */
	const char *id;                  /* borrowed; NULL where only the key is known */
	struct peer_status status;
};

/* The fields that an update can change. An operation's mask is made of these. */
#define PEER_FIELDS(X)                                                                             \
	X(ENDPOINT, endpoint)                                                                      \
	X(ALLOWED_IPS, allowed_ips)                                                                \
	X(PSK, psk)                                                                                \
	X(PERSISTENT_KEEPALIVE, persistent_keepalive)

enum peer_field_bit {
#define X(upper, lower) PEER_FIELD_BIT_##upper,
	PEER_FIELDS(X)
#undef X
		PEER_FIELD_COUNT,
};

enum peer_field {
#define X(upper, lower) PEER_FIELD_##upper = 1 << PEER_FIELD_BIT_##upper,
	PEER_FIELDS(X)
#undef X
};

#define PEER_FIELDS_ALL ((1u << PEER_FIELD_COUNT) - 1)

/* Such as "allowed_ips". */
const char *peer_field_name(enum peer_field_bit bit);

/*
 * A peer as the control plane writes it: text, not yet checked. Every text is NUL-terminated;
 * NULL is a member that is missing.
 */
struct api_peer {
	const char *id;
	const char *public_key;
	const char *mesh_ip;
	const char *endpoint;
	const char *psk;
	const char *const *allowed_ips;
	size_t allowed_ip_count;
	int64_t persistent_keepalive_s; /* negative: not given */
};

#define PEER_ID_MAX 255

/*
 * Makes the canonical form, its prefixes and texts in `arena`. Returns 0, -ENOMEM, or -EINVAL with
 * a text that names the member (`allowed_ips[0]: "10.0.0.0/33": prefix length over 32`), `*ret`
 * then being as before.
 */
int peer_config_from_api(const struct api_peer *peer, uint16_t default_keepalive_s,
	struct arena *arena, struct peer_config *ret, struct diag *diag);

/* The allowed IPs of both, compared. */
bool peer_allowed_ips_equal(const struct peer_config *a, const struct peer_config *b);
/* Whether `peer` has exactly this prefix. */
bool peer_has_allowed_ip(const struct peer_config *peer, const struct prefix *prefix);
