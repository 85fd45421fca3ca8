/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One peer of the interface in canonical form, desired or as a device reports it.
 */
#pragma once

#include "endpoint.h"
#include "key.h"
#include "prefix.h"

struct arena;
struct diag;

/* What a device counts. Zero in a desired peer. */
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
	bool psk_is_hidden;              /* the device has a psk and does not report its value */
	const char *id;                  /* borrowed; NULL if only the key is known */
	struct peer_status status;
};

/* The fields that an update can change. Masks of operations are made of these. */
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

/* Return the name of the field, such as "allowed_ips". */
const char *peer_field_name(enum peer_field_bit bit);

/*
 * A peer in wire form, unchecked. Texts are NUL-terminated; NULL means that the member is missing.
 */
struct api_peer {
	const char *id;
	const char *public_key;
	const char *mesh_ip;
	const char *endpoint;
	const char *psk;
	const char *const *allowed_ips;
	size_t allowed_ip_count;
	int64_t persistent_keepalive_s; /* negative: missing */
};

#define PEER_ID_MAX 255

/*
 * Check a peer and make its canonical form, with prefixes and texts in `arena`. `*ret` is written
 * only on success. Return 0, -ENOMEM, or -EINVAL with a text that names the member
 * (`allowed_ips[0]: "10.0.0.0/33": prefix length over 32`).
 */
int peer_config_from_api(const struct api_peer *peer, uint16_t default_keepalive_s,
	struct arena *arena, struct peer_config *ret, struct diag *diag);

/* Return whether both peers have the same allowed IPs. */
bool peer_allowed_ips_equal(const struct peer_config *a, const struct peer_config *b);
/* Return whether `peer` has exactly this prefix; a wider one does not count. */
bool peer_has_allowed_ip(const struct peer_config *peer, const struct prefix *prefix);
