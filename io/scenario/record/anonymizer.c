/* SPDX-License-Identifier: Apache-2.0 */
#include "anonymizer.h"

#include "curve.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

_Static_assert(KEY_BYTES == ORDER_PLACE_BYTES, "a place is a key");
_Static_assert(crypto_shorthash_KEYBYTES == 16, "the secret for addresses");
_Static_assert(crypto_sign_SECRETKEYBYTES == 64, "a private key of Ed25519");

/* What a hash replaces. One value in two roles gets two replacements. */
enum role {
	ROLE_PSK,
	ROLE_PRIVATE_KEY,
	ROLE_SIGNER,
	ROLE_TOKEN,
};

#define ID_DIGIT_BITS 5
/* In the order of their bytes. */
static const char id_digits[] = "0123456789abcdefghijklmnopqrstuv";

static void hash(const struct anonymizer *anonymizer, enum role role, const void *bytes,
	size_t length, void *ret, size_t ret_length)
{
	crypto_generichash_state state;
	uint8_t tag = (uint8_t)role;
	crypto_generichash_init(&state, anonymizer->secret, sizeof anonymizer->secret, ret_length);
	crypto_generichash_update(&state, &tag, sizeof tag);
	crypto_generichash_update(&state, bytes, length);
	crypto_generichash_final(&state, ret, ret_length);
	sodium_memzero(&state, sizeof state);
}

int anonymizer_init(struct anonymizer *anonymizer, const struct key_public *own_key)
{
	struct order_place place;
	*anonymizer = (struct anonymizer){.ids.digit_bits = ID_DIGIT_BITS, .own_key = *own_key};
	randombytes_buf(anonymizer->secret, sizeof anonymizer->secret);
	randombytes_buf(anonymizer->address_secret, sizeof anonymizer->address_secret);
	/* Other keys need room on both sides. */
	do {
		randombytes_buf(anonymizer->own_private_key.bytes, KEY_BYTES);
		key_secret_clamp(&anonymizer->own_private_key);
		key_public_derive(&anonymizer->own_private_key, &anonymizer->own_public_key);
	} while (anonymizer->own_public_key.bytes[0] < 0x40 ||
		 anonymizer->own_public_key.bytes[0] >= 0xc0);
	memcpy(place.bytes, anonymizer->own_public_key.bytes, sizeof place.bytes);
	return order_map_begin(&anonymizer->keys, own_key->bytes, KEY_BYTES, &place);
}

void anonymizer_change_own_key(struct anonymizer *anonymizer, const struct key_public *own_key)
{
	order_map_forget(&anonymizer->keys, anonymizer->own_key.bytes, KEY_BYTES);
	anonymizer->own_key = *own_key;
}

void anonymizer_clear(struct anonymizer *anonymizer)
{
	order_map_clear(&anonymizer->keys);
	order_map_clear(&anonymizer->ids);
	sodium_memzero(anonymizer, sizeof *anonymizer);
}

int anonymize_key(
	struct anonymizer *anonymizer, const struct key_public *key, struct key_public *ret)
{
	struct order_place place;
	if (key_public_equal(key, &anonymizer->own_key)) {
		*ret = anonymizer->own_public_key;
		return 0;
	}
	int error = order_map_place(&anonymizer->keys, key->bytes, KEY_BYTES, &place);
	if (!error)
		memcpy(ret->bytes, place.bytes, KEY_BYTES);
	return error;
}

static unsigned id_digit(const struct order_place *place, unsigned number)
{
	unsigned digit = 0;
	for (unsigned bit = number * ID_DIGIT_BITS; bit < (number + 1) * ID_DIGIT_BITS; bit++) {
		unsigned byte = bit / 8 < ORDER_PLACE_BYTES ? place->bytes[bit / 8] : 0;
		digit = digit << 1 | (byte >> (7 - bit % 8) & 1);
	}
	return digit;
}

int anonymize_id(struct anonymizer *anonymizer, const char *id, struct anonymous_id *ret)
{
	struct order_place place;
	int error = order_map_place(&anonymizer->ids, id, strlen(id), &place);
	if (error)
		return error;
	size_t length = (size_t)snprintf(ret->text, sizeof ret->text, "peer-");
	unsigned count = (ORDER_PLACE_BYTES * 8 + ID_DIGIT_BITS - 1) / ID_DIGIT_BITS;
	while (count > 1 && id_digit(&place, count - 1) == 0)
		count--;
	for (unsigned i = 0; i < count; i++)
		ret->text[length++] = id_digits[id_digit(&place, i)];
	ret->text[length] = '\0';
	return 0;
}

struct key_secret anonymize_psk(const struct anonymizer *anonymizer, const struct key_secret *psk)
{
	struct key_secret other = {{0}};
	if (!key_secret_is_zero(psk))
		hash(anonymizer, ROLE_PSK, psk->bytes, KEY_BYTES, other.bytes, KEY_BYTES);
	return other;
}

struct key_secret anonymize_private_key(
	const struct anonymizer *anonymizer, const struct key_public *key)
{
	struct key_secret other = {{0}};
	if (!key_public_is_zero(key))
		hash(anonymizer, ROLE_PRIVATE_KEY, key->bytes, KEY_BYTES, other.bytes, KEY_BYTES);
	return other;
}

/* Ranges whose addresses the engine treats differently. An address stays within its range. */
static const struct prefix fixed_ranges[] = {
	{.ip = {.family = IP_V4}, .length = 32},                               /* unspecified */
	{.ip = {.family = IP_V4, .bytes = {169, 254}}, .length = 16},          /* link-local */
	{.ip = {.family = IP_V4, .bytes = {224}}, .length = 4},                /* multicast */
	{.ip = {.family = IP_V6}, .length = 128},                              /* unspecified */
	{.ip = {.family = IP_V6, .bytes = {[10] = 0xff, 0xff}}, .length = 96}, /* mapped IPv4 */
	{.ip = {.family = IP_V6, .bytes = {0xfe, 0x80}}, .length = 10},        /* link-local */
	{.ip = {.family = IP_V6, .bytes = {0xff}}, .length = 8},               /* multicast */
};

/* Whether the prefix contains a fixed range, other than itself. */
static bool contains_fixed_range(const struct prefix *prefix)
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
struct ip anonymize_ip(const struct anonymizer *anonymizer, const struct ip *ip)
{
	struct ip other = *ip;
	unsigned bits = ip->family == IP_NONE ? 0 : ip_bits(ip);
	bool may_be_fixed = true;
	for (unsigned i = 0; i < bits; i++) {
		struct prefix before = {.ip = *ip, .length = (uint8_t)i};
		uint8_t flip[crypto_shorthash_BYTES];
		prefix_mask(&before);
		may_be_fixed = may_be_fixed && contains_fixed_range(&before);
		if (may_be_fixed)
			continue;
		crypto_shorthash(
			flip, (const uint8_t *)&before, sizeof before, anonymizer->address_secret);
		other.bytes[i / 8] ^= (uint8_t)((flip[0] & 1) << (7 - i % 8));
	}
	return other;
}

struct prefix anonymize_prefix(const struct anonymizer *anonymizer, const struct prefix *prefix)
{
	struct prefix masked = *prefix;
	prefix_mask(&masked);
	bool has_host_bits = !prefix_equal(&masked, prefix);
	struct prefix other = {
		.ip = anonymize_ip(anonymizer, &prefix->ip), .length = prefix->length};
	if (!has_host_bits)
		prefix_mask(&other);
	return other;
}

struct endpoint anonymize_endpoint(
	const struct anonymizer *anonymizer, const struct endpoint *endpoint)
{
	struct endpoint other = *endpoint;
	if (endpoint->kind == ENDPOINT_IP)
		other.ip = anonymize_ip(anonymizer, &endpoint->ip);
	if (endpoint->zone[0])
		snprintf(other.zone, sizeof other.zone, "z%.8s",
			anonymize_token(anonymizer, endpoint->zone, strlen(endpoint->zone)).text);
	return other;
}

struct anonymous_token anonymize_token(
	const struct anonymizer *anonymizer, const void *bytes, size_t length)
{
	struct anonymous_token token;
	uint8_t digest[crypto_generichash_BYTES_MIN];
	hash(anonymizer, ROLE_TOKEN, bytes, length, digest, sizeof digest);
	sodium_bin2hex(token.text, sizeof token.text, digest, (sizeof token.text - 1) / 2);
	return token;
}

struct anonymous_signer anonymize_signer(
	const struct anonymizer *anonymizer, const struct key_public *key)
{
	struct anonymous_signer signer;
	uint8_t seed[crypto_sign_SEEDBYTES];
	hash(anonymizer, ROLE_SIGNER, key->bytes, KEY_BYTES, seed, sizeof seed);
	crypto_sign_seed_keypair(signer.public_key.bytes, signer.private_key, seed);
	sodium_memzero(seed, sizeof seed);
	return signer;
}
