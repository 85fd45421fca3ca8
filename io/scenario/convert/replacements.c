/* SPDX-License-Identifier: Apache-2.0 */
#include "replacements.h"

#include "curve.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(crypto_shorthash_KEYBYTES == 16, "the secret for addresses");
_Static_assert(crypto_sign_SECRETKEYBYTES == 64, "a private key of Ed25519");

/* What a hash replaces. One value in two roles gets two replacements. */
enum replaced_role {
	ROLE_PSK,
	ROLE_PRIVATE_KEY,
	ROLE_SIGNER,
	ROLE_TOKEN,
};

static void role_hash(const struct replacements *replacements, enum replaced_role role,
	const void *bytes, size_t length, struct key_secret *ret)
{
	crypto_generichash_state state;
	uint8_t tag = (uint8_t)role;
	crypto_generichash_init(
		&state, replacements->secret, sizeof replacements->secret, KEY_BYTES);
	crypto_generichash_update(&state, &tag, sizeof tag);
	crypto_generichash_update(&state, bytes, length);
	crypto_generichash_final(&state, ret->bytes, KEY_BYTES);
	sodium_memzero(&state, sizeof state);
}

void replacements_init(struct replacements *replacements)
{
	*replacements = (struct replacements){0};
	randombytes_buf(replacements->secret, sizeof replacements->secret);
	randombytes_buf(replacements->address_secret, sizeof replacements->address_secret);
	randombytes_buf(replacements->own_private_key.bytes, KEY_BYTES);
	key_secret_clamp(&replacements->own_private_key);
	key_public_derive(&replacements->own_private_key, &replacements->own_public_key);
}

void replacements_clear(struct replacements *replacements)
{
	for (size_t i = 0; i < replacements->id_count; i++)
		free(replacements->ids[i]);
	free(replacements->ids);
	free(replacements->keys);
	free(replacements->key_replacements);
	free(replacements->signers);
	sodium_memzero(replacements, sizeof *replacements);
}

/* Make room for one more element. */
static void *list_grow(
	struct replacements *replacements, void *list, size_t count, size_t *capacity, size_t size)
{
	if (count < *capacity)
		return list;
	void *larger = reallocarray(list, *capacity ? *capacity * 2 : 64, size);
	if (!larger) {
		replacements->error = -ENOMEM;
		return list;
	}
	*capacity = *capacity ? *capacity * 2 : 64;
	return larger;
}

static int compare_key_bytes(const void *a, const void *b)
{
	return key_public_compare(a, b);
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int replacements_seal(struct replacements *replacements)
{
	size_t unique = 0;
	if (replacements->error)
		return replacements->error;
	if (replacements->key_count)
		qsort(replacements->keys, replacements->key_count, sizeof *replacements->keys,
			compare_key_bytes);
	for (size_t i = 0; i < replacements->key_count; i++)
		if (!unique ||
			!key_public_equal(&replacements->keys[unique - 1], &replacements->keys[i]))
			replacements->keys[unique++] = replacements->keys[i];
	replacements->key_count = unique;
	if (replacements->id_count)
		qsort(replacements->ids, replacements->id_count, sizeof(*replacements->ids),
			compare_ids);
	unique = 0;
	for (size_t i = 0; i < replacements->id_count; i++) {
		if (unique && strcmp(replacements->ids[unique - 1], replacements->ids[i]) == 0)
			free(replacements->ids[i]);
		else
			replacements->ids[unique++] = replacements->ids[i];
	}
	replacements->id_count = unique;
	replacements->key_replacements =
		calloc(replacements->key_count + 1, sizeof *replacements->key_replacements);
	if (!replacements->key_replacements)
		return -ENOMEM;
	randombytes_buf(replacements->key_replacements, replacements->key_count * KEY_BYTES);
	qsort(replacements->key_replacements, replacements->key_count,
		sizeof *replacements->key_replacements, compare_key_bytes);
	return 0;
}

static void visit_key(struct replacements *replacements, struct key_public *key)
{
	if (key_public_is_zero(key))
		return;
	if (replacements->is_collecting) {
		replacements->keys = list_grow(replacements, replacements->keys,
			replacements->key_count, &replacements->key_capacity, sizeof *key);
		if (!replacements->error)
			replacements->keys[replacements->key_count++] = *key;
		return;
	}
	if (key_public_equal(key, &replacements->own_key)) {
		*key = replacements->own_public_key;
		return;
	}
	const struct key_public *found = bsearch(
		key, replacements->keys, replacements->key_count, sizeof *key, compare_key_bytes);
	*key = replacements->key_replacements[found - replacements->keys];
}

static void id_collect(struct replacements *replacements, const char *id)
{
	replacements->ids = list_grow(replacements, replacements->ids, replacements->id_count,
		&replacements->id_capacity, sizeof(*replacements->ids));
	char *copy = strdup(id);
	if (!copy)
		replacements->error = -ENOMEM;
	if (replacements->error)
		free(copy);
	else
		replacements->ids[replacements->id_count++] = copy;
}

static void visit_id(struct replacements *replacements, const char **id)
{
	char text[32];
	if (!*id)
		return;
	if (replacements->is_collecting) {
		id_collect(replacements, *id);
		return;
	}
	char **found = bsearch(id, replacements->ids, replacements->id_count,
		sizeof(*replacements->ids), compare_ids);
	int width = snprintf(NULL, 0, "%zu", replacements->id_count);
	int length = snprintf(
		text, sizeof text, "peer-%0*zu", width, (size_t)(found - replacements->ids) + 1);
	*id = arena_strndup(replacements->arena, text, (size_t)length);
	if (!*id)
		replacements->error = -ENOMEM;
}

/* Ranges whose addresses the engine treats differently. An address stays within its range. */
static const struct prefix fixed_ranges[] = {
	{.ip = {.family = IP_V4}, .length = 32},                               /* unspecified */
	{.ip = {.family = IP_V4, .bytes = {127}}, .length = 8},                /* loopback */
	{.ip = {.family = IP_V4, .bytes = {169, 254}}, .length = 16},          /* link-local */
	{.ip = {.family = IP_V4, .bytes = {224}}, .length = 4},                /* multicast */
	{.ip = {.family = IP_V4, .bytes = {240}}, .length = 4},                /* reserved */
	{.ip = {.family = IP_V6}, .length = 128},                              /* unspecified */
	{.ip = {.family = IP_V6, .bytes = {[15] = 1}}, .length = 128},         /* loopback */
	{.ip = {.family = IP_V6, .bytes = {[10] = 0xff, 0xff}}, .length = 96}, /* mapped IPv4 */
	{.ip = {.family = IP_V6, .bytes = {0xfe, 0x80}}, .length = 10},        /* link-local */
	{.ip = {.family = IP_V6, .bytes = {0xff}}, .length = 8},               /* multicast */
};

/* Whether the prefix contains a fixed range, other than itself. */
static bool range_is_within(const struct prefix *prefix)
{
	for (size_t i = 0; i < sizeof fixed_ranges / sizeof *fixed_ranges; i++)
		if (prefix->length < fixed_ranges[i].length &&
			prefix_covers(prefix, &fixed_ranges[i].ip))
			return true;
	return false;
}

/*
 * A keyed hash of the bits before a bit decides whether to flip it. So two replacements have as
 * many leading bits in common as the addresses that they replace.
 */
static struct ip address_replace(const struct replacements *replacements, const struct ip *ip)
{
	struct ip other = *ip;
	unsigned bits = ip->family == IP_NONE ? 0 : ip_bits(ip);
	bool may_be_fixed = true;
	for (unsigned i = 0; i < bits; i++) {
		struct prefix before = {.ip = *ip, .length = (uint8_t)i};
		uint8_t flip[crypto_shorthash_BYTES];
		prefix_mask(&before);
		may_be_fixed = may_be_fixed && range_is_within(&before);
		if (may_be_fixed)
			continue;
		crypto_shorthash(flip, (const uint8_t *)&before, sizeof before,
			replacements->address_secret);
		other.bytes[i / 8] ^= (uint8_t)((flip[0] & 1) << (7 - i % 8));
	}
	return other;
}

static void visit_prefix(const struct replacements *replacements, struct prefix *prefix)
{
	struct prefix masked = *prefix;
	prefix_mask(&masked);
	bool has_host_bits = !prefix_equal(&masked, prefix);
	prefix->ip = address_replace(replacements, &prefix->ip);
	if (!has_host_bits)
		prefix_mask(prefix);
}

static void visit_endpoint(const struct replacements *replacements, struct endpoint *endpoint)
{
	struct key_secret hash;
	if (endpoint->kind == ENDPOINT_IP)
		endpoint->ip = address_replace(replacements, &endpoint->ip);
	if (!endpoint->zone[0])
		return;
	role_hash(replacements, ROLE_TOKEN, endpoint->zone, strlen(endpoint->zone), &hash);
	snprintf(endpoint->zone, sizeof endpoint->zone, "z%02x%02x%02x%02x", hash.bytes[0],
		hash.bytes[1], hash.bytes[2], hash.bytes[3]);
}

/* A peer's arrays are in the arena of the line. */
static void visit_peer(struct replacements *replacements, struct peer_config *peer)
{
	visit_key(replacements, &peer->public_key);
	visit_id(replacements, &peer->id);
	if (replacements->is_collecting)
		return;
	struct prefix *prefixes = (struct prefix *)peer->allowed_ips;
	for (uint32_t i = 0; i < peer->allowed_ip_count; i++)
		visit_prefix(replacements, &prefixes[i]);
	peer->allowed_ip_count = (uint32_t)prefixes_normalize(prefixes, peer->allowed_ip_count);
	visit_endpoint(replacements, &peer->endpoint);
	if (!key_secret_is_zero(&peer->psk))
		role_hash(replacements, ROLE_PSK, peer->psk.bytes, KEY_BYTES, &peer->psk);
}

static void visit_entry(struct replacements *replacements, struct peer_entry *entry)
{
	visit_id(replacements, &entry->id);
	if (entry->has_key || !entry->error)
		visit_peer(replacements, &entry->config);
}

static void visit_signer(struct replacements *replacements, struct key_public *key)
{
	struct key_secret seed;
	size_t count = replacements->signer_count;
	if (replacements->is_collecting)
		return;
	for (size_t i = 0; i < count; i++) {
		if (!key_public_equal(&replacements->signers[i].original, key))
			continue;
		*key = replacements->signers[i].public_key;
		return;
	}
	struct replaced_signer *signers =
		reallocarray(replacements->signers, count + 1, sizeof *signers);
	if (!signers) {
		replacements->error = -ENOMEM;
		return;
	}
	replacements->signers = signers;
	signers[count].original = *key;
	role_hash(replacements, ROLE_SIGNER, key->bytes, KEY_BYTES, &seed);
	crypto_sign_seed_keypair(
		signers[count].public_key.bytes, signers[count].private_key, seed.bytes);
	replacements->signer_count++;
	*key = signers[count].public_key;
	key_secret_wipe(&seed);
}

static void visit_signing_keys(struct replacements *replacements, struct signing_keys *keys)
{
	if (key_public_is_zero(&keys->current))
		return;
	visit_signer(replacements, &keys->current);
	if (keys->has_previous)
		visit_signer(replacements, &keys->previous);
}

static void visit_token(const struct replacements *replacements, struct trace_token *token)
{
	struct key_secret hash;
	if (!token->text[0] || replacements->is_collecting)
		return;
	role_hash(replacements, ROLE_TOKEN, token->text, strlen(token->text), &hash);
	sodium_bin2hex(token->text, sizeof token->text, hash.bytes, (sizeof token->text - 1) / 2);
}

/* The pending events are made anew, since they are found by their ids. */
static void visit_pending(struct replacements *replacements, struct pending_events *pending)
{
	struct pending_events replaced = {.bytes_max = SIZE_MAX};
	for (size_t i = 0; i < pending->count; i++) {
		struct pending_peer *peer = pending->peers[i];
		const char *id = peer->id;
		visit_id(replacements, &id);
		if (!peer->removed)
			visit_entry(replacements, &peer->entry);
		if (replacements->is_collecting || replacements->error)
			continue;
		int error = peer->removed ? pending_events_remove(&replaced, id)
					  : pending_events_set(&replaced, &peer->entry);
		if (error)
			replacements->error = -ENOMEM;
	}
	if (replacements->is_collecting)
		return;
	pending_events_clear(pending);
	*pending = replaced;
}

static void part_visit(void *impl, enum trace_part part, void *value)
{
	struct replacements *replacements = impl;
	switch (part) {
	case TRACE_PART_KEY:
		visit_key(replacements, value);
		break;
	case TRACE_PART_ID:
		visit_id(replacements, value);
		break;
	case TRACE_PART_IP:
		*(struct ip *)value = address_replace(replacements, value);
		break;
	case TRACE_PART_ADDRESS:
		visit_prefix(replacements, value);
		break;
	case TRACE_PART_TOKEN:
		visit_token(replacements, value);
		break;
	case TRACE_PART_SIGNING_KEYS:
		visit_signing_keys(replacements, value);
		break;
	case TRACE_PART_ENTRY:
		visit_entry(replacements, value);
		break;
	case TRACE_PART_PEER:
		visit_peer(replacements, value);
		break;
	case TRACE_PART_PENDING:
		visit_pending(replacements, *(struct pending_events **)value);
		break;
	case TRACE_PART_NONE:
		break;
	}
}

void replacements_collect(struct replacements *replacements, struct trace_read *read)
{
	replacements->is_collecting = true;
	trace_line_visit(read, part_visit, replacements);
}

int replacements_apply(struct replacements *replacements, struct trace_read *read)
{
	replacements->is_collecting = false;
	replacements->arena = &read->arena;
	if (read->line.kind == TRACE_SNAPSHOT)
		replacements->own_key = read->line.snapshot.public_key;
	trace_line_visit(read, part_visit, replacements);
	return replacements->error;
}

const struct replaced_signer *replacements_signer(
	const struct replacements *replacements, const struct key_public *public_key)
{
	for (size_t i = 0; i < replacements->signer_count; i++)
		if (key_public_equal(&replacements->signers[i].public_key, public_key))
			return &replacements->signers[i];
	return NULL;
}

struct key_secret replacements_private_key(
	const struct replacements *replacements, const struct key_public *key)
{
	struct key_secret other = {{0}};
	if (!key_public_is_zero(key))
		role_hash(replacements, ROLE_PRIVATE_KEY, key->bytes, KEY_BYTES, &other);
	return other;
}
