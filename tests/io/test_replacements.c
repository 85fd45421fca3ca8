/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replacements retain the order of keys and ids and the nesting of prefixes, in whatever order they
 * come, and nothing else.
 */
#include "harness.h"

#include "curve.h"
#include "replacements.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_COUNT    300
#define ID_COUNT     300
#define PREFIX_COUNT 200

static int replacements_make(void **state)
{
	struct replacements *replacements = calloc(1, sizeof *replacements);
	assert_non_null(replacements);
	replacements_init(replacements);
	*state = replacements;
	return 0;
}

static int replacements_free(void **state)
{
	replacements_clear(*state);
	free(*state);
	return 0;
}

/* Replace keys, all of which are known from the beginning. */
static void keys_replace(struct replacements *replacements, struct key_public *keys, size_t count)
{
	struct trace_op *ops = calloc(count, sizeof *ops);
	struct trace_read read = {.line = {.kind = TRACE_EVENT, .ops = ops, .op_count = count}};
	assert_non_null(ops);
	for (size_t i = 0; i < count; i++)
		ops[i].public_key = keys[i];
	if (!replacements->key_replacements) {
		replacements_collect(replacements, &read);
		assert_int_equal(replacements_seal(replacements), 0);
	}
	assert_int_equal(replacements_apply(replacements, &read), 0);
	for (size_t i = 0; i < count; i++)
		keys[i] = ops[i].public_key;
	free(ops);
}

static struct prefix prefix_replace(struct replacements *replacements, struct prefix prefix)
{
	struct device device = {.addresses = &prefix, .address_count = 1};
	struct trace_read read = {.line = {.kind = TRACE_FINISH, .cycle.drifted = &device}};
	assert_int_equal(replacements_apply(replacements, &read), 0);
	return prefix;
}

static struct ip ip_replace(struct replacements *replacements, const struct ip *ip)
{
	return prefix_replace(replacements, prefix_of_host(ip)).ip;
}

/* Replace a peer without an id or a key. */
static struct peer_config peer_replace(
	struct replacements *replacements, const struct peer_config *peer)
{
	struct peer_entry entry = {.config = *peer};
	struct trace_read read = {.line = {.kind = TRACE_EVENT, .event.peer = &entry}};
	assert_int_equal(replacements_apply(replacements, &read), 0);
	return entry.config;
}

/* Numbers 0 to count - 1 in an order: forward, backward, from the middle outward, or random. */
static void order_make(size_t *order, size_t count, unsigned way)
{
	for (size_t i = 0; i < count; i++) {
		order[i] = i;
		if (way == 1)
			order[i] = count - 1 - i;
		if (way == 2)
			order[i] = i % 2 ? count / 2 + i / 2 : count / 2 - 1 - i / 2;
	}
	for (size_t i = count - 1; way == 3 && i > 0; i--) {
		size_t other = randombytes_uniform((uint32_t)i + 1);
		size_t swapped = order[i];
		order[i] = order[other];
		order[other] = swapped;
	}
}

static int compare_keys(const void *a, const void *b)
{
	return key_public_compare(a, b);
}

/* Sorted keys of one of several kinds. */
static void keys_make(struct key_public *keys, unsigned kind)
{
	memset(keys, 0, KEY_COUNT * sizeof *keys);
	for (unsigned i = 0; i < KEY_COUNT; i++) {
		if (kind == 0) { /* random, as real ones */
			randombytes_buf(keys[i].bytes, KEY_BYTES);
		} else if (kind == 1) { /* they differ in their last bytes */
			keys[i].bytes[30] = (uint8_t)(i >> 8);
			keys[i].bytes[31] = (uint8_t)(i + 1);
		} else if (kind == 2) { /* in their first */
			keys[i].bytes[0] = (uint8_t)(i >> 8);
			keys[i].bytes[1] = (uint8_t)(i + 1);
		} else { /* each half as large as the one before it, a hundred times */
			unsigned bit = i % 100;
			keys[i].bytes[bit / 8] = (uint8_t)(0x80 >> bit % 8);
			keys[i].bytes[31] = (uint8_t)(i / 100);
		}
	}
	qsort(keys, KEY_COUNT, sizeof *keys, compare_keys);
}

static void keys_keep_their_order_however_they_come(void **state)
{
	struct key_public keys[KEY_COUNT], mixed[KEY_COUNT], others[KEY_COUNT];
	size_t order[KEY_COUNT];
	for (unsigned kind = 0; kind < 4; kind++) {
		for (unsigned way = 0; way < 4; way++) {
			void *fresh;
			assert_int_equal(replacements_make(&fresh), 0);
			keys_make(keys, kind);
			order_make(order, KEY_COUNT, way);
			for (size_t i = 0; i < KEY_COUNT; i++)
				mixed[i] = keys[order[i]];
			keys_replace(fresh, mixed, KEY_COUNT);
			for (size_t i = 0; i < KEY_COUNT; i++)
				others[order[i]] = mixed[i];
			for (size_t i = 1; i < KEY_COUNT; i++)
				assert_int_equal(key_public_compare(&keys[i - 1], &keys[i]) < 0,
					key_public_compare(&others[i - 1], &others[i]) < 0);
			for (size_t i = 0; i < KEY_COUNT; i++)
				for (size_t j = 0; j < KEY_COUNT; j++)
					assert_false(key_public_equal(&others[i], &keys[j]) &&
						     !key_public_is_zero(&keys[j]));
			replacements_free(&fresh);
		}
	}
}

static void a_key_has_one_replacement(void **state)
{
	struct key_public first[KEY_COUNT], again[KEY_COUNT];
	keys_make(first, 0);
	memcpy(again, first, sizeof again);
	keys_replace(*state, first, KEY_COUNT);
	keys_replace(*state, again, KEY_COUNT);
	assert_memory_equal(first, again, sizeof again);
}

/* Of a line, or of the snapshot that makes the key the node's own. */
static struct key_public own_key_replace(struct replacements *replacements, struct key_public key)
{
	struct trace_read read = {.line = {.kind = TRACE_SNAPSHOT, .snapshot.public_key = key}};
	assert_int_equal(replacements_apply(replacements, &read), 0);
	return read.line.snapshot.public_key;
}

static void the_replacement_of_the_own_key_has_a_private_key(void **state)
{
	struct replacements *replacements = *state;
	struct key_public keys[] = {key_of(6), key_of(7)}, derived;
	keys_replace(replacements, keys, 2);
	struct key_public other = own_key_replace(replacements, key_of(7));
	key_public_derive(&replacements->own_private_key, &derived);
	assert_true(key_public_equal(&other, &derived));
}

static void another_own_key_has_the_replacement_of_the_old_one(void **state)
{
	struct key_public keys[] = {key_of(6), key_of(7)}, old_key = key_of(6);
	keys_replace(*state, keys, 2);
	struct key_public old_other = own_key_replace(*state, key_of(6));
	struct key_public other = own_key_replace(*state, key_of(7));
	assert_true(key_public_equal(&other, &old_other));
	keys_replace(*state, &old_key, 1);
	assert_false(key_public_equal(&old_key, &old_other));
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int sign(int order)
{
	return (order > 0) - (order < 0);
}

/* Sorted ids of one of several kinds; some of them may be the same. */
static void ids_make(char **ids, unsigned kind)
{
	static const char alphabet[] = "aab\x01~\xc3\xa9\xff-0";
	for (unsigned i = 0; i < ID_COUNT; i++) {
		char text[256] = "";
		if (kind == 0) {
			snprintf(text, sizeof text, "peer-%u", i);
		} else if (kind == 1) { /* each begins with the one before it */
			memset(text, 'a', i < 255 ? i + 1 : 255);
			text[i < 255 ? i + 1 : 255] = '\0';
		} else {
			unsigned length = 1 + randombytes_uniform(12);
			for (unsigned j = 0; j < length; j++)
				text[j] = alphabet[randombytes_uniform(sizeof alphabet - 1)];
		}
		ids[i] = strdup(text);
		assert_non_null(ids[i]);
	}
	qsort(ids, ID_COUNT, sizeof *ids, compare_texts);
}

static void ids_keep_their_order_however_they_come(void **state)
{
	char *ids[ID_COUNT];
	const char *mixed[ID_COUNT], *others[ID_COUNT];
	size_t order[ID_COUNT];
	for (unsigned kind = 0; kind < 3; kind++) {
		for (unsigned way = 0; way < 4; way++) {
			void *fresh;
			assert_int_equal(replacements_make(&fresh), 0);
			ids_make(ids, kind);
			order_make(order, ID_COUNT, way);
			for (size_t i = 0; i < ID_COUNT; i++)
				mixed[i] = ids[order[i]];
			struct trace_read read = {
				.line = {.kind = TRACE_FINISH,
					.entries = {.gone = mixed, .gone_count = ID_COUNT}}};
			replacements_collect(fresh, &read);
			assert_int_equal(replacements_seal(fresh), 0);
			assert_int_equal(replacements_apply(fresh, &read), 0);
			for (size_t i = 0; i < ID_COUNT; i++)
				others[order[i]] = mixed[i];
			for (size_t i = 1; i < ID_COUNT; i++)
				if (sign(strcmp(ids[i - 1], ids[i])) !=
					sign(strcmp(others[i - 1], others[i])))
					fail_msg("kind %u, way %u: %s, %s: %s, %s", kind, way,
						ids[i - 1], ids[i], others[i - 1], others[i]);
			for (size_t i = 0; i < ID_COUNT; i++)
				free(ids[i]);
			arena_clear(&read.arena);
			replacements_free(&fresh);
		}
	}
}

static struct prefix prefix_random(void)
{
	uint8_t bytes[16];
	struct prefix prefix;
	bool is_v4 = randombytes_uniform(2);
	randombytes_buf(bytes, sizeof bytes);
	/* Few values, so that many lie within each other. */
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(bytes[i] % 3 * 0x55);
	prefix.ip = ip_from_bytes(is_v4 ? IP_V4 : IP_V6, bytes);
	prefix.length = (uint8_t)randombytes_uniform(is_v4 ? 33 : 129);
	prefix_mask(&prefix);
	return prefix;
}

static bool lies_within(const struct prefix *inner, const struct prefix *outer)
{
	return inner->length >= outer->length && prefix_covers(outer, &inner->ip);
}

static void prefixes_lie_within_each_other_as_before(void **state)
{
	struct prefix prefixes[PREFIX_COUNT], others[PREFIX_COUNT];
	for (size_t i = 0; i < PREFIX_COUNT; i++) {
		struct prefix masked;
		prefixes[i] = prefix_random();
		masked = others[i] = prefix_replace(*state, prefixes[i]);
		prefix_mask(&masked);
		assert_true(prefix_equal(&masked, &others[i]));
		assert_int_equal(others[i].ip.family, prefixes[i].ip.family);
		assert_int_equal(others[i].length, prefixes[i].length);
	}
	for (size_t i = 0; i < PREFIX_COUNT; i++)
		for (size_t j = 0; j < PREFIX_COUNT; j++)
			assert_int_equal(lies_within(&prefixes[i], &prefixes[j]),
				lies_within(&others[i], &others[j]));
}

static void an_address_stays_of_its_kind_and_becomes_another(void **state)
{
	static const char *const special[] = {"0.0.0.0", "::", "169.254.7.8", "fe80::1:2",
		"224.0.0.5", "255.255.255.255", "ff02::1:2:3"};
	static const char *const common[] = {"10.0.0.1", "192.0.2.7", "2001:db8::1", "fd00::7",
		"128.0.0.1", "240.1.2.3", "::1", "::fffe:102:304"};
	for (size_t i = 0; i < COUNT_OF(special) + COUNT_OF(common); i++) {
		bool is_special = i < COUNT_OF(special);
		struct ip ip = ip_of(is_special ? special[i] : common[i - COUNT_OF(special)]);
		struct ip other = ip_replace(*state, &ip);
		struct ip again = ip_of(ip_format(&other).text);
		assert_true(ip_equal(&other, &again)); /* no mapped IPv4 */
		assert_int_equal(ip_is_unspecified(&other), ip_is_unspecified(&ip));
		assert_int_equal(ip_is_link_local(&other), ip_is_link_local(&ip));
		assert_int_equal(ip_is_multicast(&other), ip_is_multicast(&ip));
	}
	unsigned same = 0;
	for (size_t i = 0; i < COUNT_OF(common); i++) {
		struct ip ip = ip_of(common[i]);
		struct ip other = ip_replace(*state, &ip);
		same += ip_equal(&ip, &other);
	}
	assert_true(same < 2);
}

static void the_address_of_an_interface_lies_in_its_prefix(void **state)
{
	struct prefix address, network = prefix_of("10.1.2.0/24");
	assert_int_equal(prefix_parse_address("10.1.2.3/24", 11, &address, NULL), 0);
	struct prefix other = prefix_replace(*state, address);
	struct prefix other_network = prefix_replace(*state, network);
	assert_true(lies_within(&other, &other_network));
	assert_int_equal(other.length, 24);
	struct ip ip = ip_replace(*state, &address.ip);
	assert_true(ip_equal(&other.ip, &ip));
}

static void an_endpoint_keeps_its_port_and_has_another_zone(void **state)
{
	struct peer_config peer = {.endpoint = endpoint_of("[fe80::4%eth0]:4500")};
	struct endpoint other = peer_replace(*state, &peer).endpoint;
	assert_int_equal(other.port, 4500);
	assert_int_equal(endpoint_validate(&other, NULL), 0);
	assert_string_not_equal(other.zone, "eth0");
	struct endpoint again = peer_replace(*state, &peer).endpoint;
	assert_true(endpoint_equal(&other, &again));
}

static struct key_secret psk_replace(struct replacements *replacements, struct key_secret psk)
{
	return peer_replace(replacements, &(struct peer_config){.psk = psk}).psk;
}

static void no_preshared_key_stays_none_and_others_are_distinguished(void **state)
{
	struct key_secret zero = psk_replace(*state, (struct key_secret){{0}});
	struct key_secret first = psk_replace(*state, secret_of(1)), one = secret_of(1);
	struct key_secret again = psk_replace(*state, secret_of(1));
	struct key_secret second = psk_replace(*state, secret_of(2));
	assert_true(key_secret_is_zero(&zero));
	assert_true(key_secret_equal(&first, &again));
	assert_false(key_secret_equal(&first, &second));
	assert_false(key_secret_equal(&first, &one));
}

static void two_scenarios_have_nothing_in_common(void **state)
{
	void *other_state;
	struct key_public first = key_of(9), second = key_of(9);
	assert_int_equal(replacements_make(&other_state), 0);
	keys_replace(*state, &first, 1);
	keys_replace(other_state, &second, 1);
	assert_false(key_public_equal(&first, &second));
	struct key_secret first_psk = psk_replace(*state, secret_of(3));
	struct key_secret second_psk = psk_replace(other_state, secret_of(3));
	assert_false(key_secret_equal(&first_psk, &second_psk));
	replacements_free(&other_state);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, replacements_make, replacements_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(keys_keep_their_order_however_they_come),
		CASE(a_key_has_one_replacement),
		CASE(the_replacement_of_the_own_key_has_a_private_key),
		CASE(another_own_key_has_the_replacement_of_the_old_one),
		CASE(ids_keep_their_order_however_they_come),
		CASE(prefixes_lie_within_each_other_as_before),
		CASE(an_address_stays_of_its_kind_and_becomes_another),
		CASE(the_address_of_an_interface_lies_in_its_prefix),
		CASE(an_endpoint_keeps_its_port_and_has_another_zone),
		CASE(no_preshared_key_stays_none_and_others_are_distinguished),
		CASE(two_scenarios_have_nothing_in_common),
	};
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
