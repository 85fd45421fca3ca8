/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The anonymizer retains the order of keys and ids and the nesting of prefixes, in whatever order
 * they come, and nothing else.
 */
#include "harness.h"

#include "anonymizer.h"
#include "curve.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_COUNT    300
#define ID_COUNT     300
#define PREFIX_COUNT 200

static int anonymizer_setup(void **state)
{
	struct anonymizer *anonymizer = calloc(1, sizeof *anonymizer);
	struct key_public own_key;
	assert_non_null(anonymizer);
	randombytes_buf(own_key.bytes, sizeof own_key.bytes);
	*state = anonymizer;
	return anonymizer_init(anonymizer, &own_key);
}

static int anonymizer_teardown(void **state)
{
	anonymizer_clear(*state);
	free(*state);
	return 0;
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

static bool holds(const uint8_t *bytes, const struct key_public *key)
{
	return memcmp(bytes, key->bytes, KEY_BYTES) == 0;
}

static void keys_keep_their_order_however_they_come(void **state)
{
	struct key_public keys[KEY_COUNT], others[KEY_COUNT];
	size_t order[KEY_COUNT];
	for (unsigned kind = 0; kind < 4; kind++) {
		for (unsigned way = 0; way < 4; way++) {
			void *fresh;
			assert_int_equal(anonymizer_setup(&fresh), 0);
			keys_make(keys, kind);
			order_make(order, KEY_COUNT, way);
			for (size_t i = 0; i < KEY_COUNT; i++)
				if (anonymize_key(fresh, &keys[order[i]], &others[order[i]]) != 0)
					fail_msg("kind %u, way %u: no room at %zu", kind, way, i);
			for (size_t i = 1; i < KEY_COUNT; i++)
				assert_int_equal(key_public_compare(&keys[i - 1], &keys[i]) < 0,
					key_public_compare(&others[i - 1], &others[i]) < 0);
			for (size_t i = 0; i < KEY_COUNT; i++)
				for (size_t j = 0; j < KEY_COUNT; j++)
					assert_false(holds(others[i].bytes, &keys[j]));
			anonymizer_teardown(&fresh);
		}
	}
}

static void a_key_has_one_replacement(void **state)
{
	struct key_public keys[KEY_COUNT], first[KEY_COUNT], again;
	keys_make(keys, 0);
	for (size_t i = 0; i < KEY_COUNT; i++)
		assert_int_equal(anonymize_key(*state, &keys[i], &first[i]), 0);
	for (size_t i = 0; i < KEY_COUNT; i++) {
		assert_int_equal(anonymize_key(*state, &keys[i], &again), 0);
		assert_true(key_public_equal(&first[i], &again));
	}
}

static void a_hundred_thousand_keys_in_order_find_room(void **state)
{
	struct key_public key = {{0}}, other, last = {{0}};
	for (uint32_t i = 1; i <= 100000; i++) {
		key.bytes[29] = (uint8_t)(i >> 16);
		key.bytes[30] = (uint8_t)(i >> 8);
		key.bytes[31] = (uint8_t)i;
		assert_int_equal(anonymize_key(*state, &key, &other), 0);
		assert_true(key_public_compare(&last, &other) < 0);
		last = other;
	}
}

static void the_replacement_of_the_own_key_has_a_private_key(void **state)
{
	struct anonymizer *anonymizer = *state;
	struct key_public own_key = anonymizer->own_key, other, derived;
	assert_int_equal(anonymize_key(anonymizer, &own_key, &other), 0);
	key_public_derive(&anonymizer->own_private_key, &derived);
	assert_true(key_public_equal(&other, &derived));
	assert_false(key_public_equal(&other, &own_key));
}

static void another_own_key_has_the_replacement_of_the_old_one(void **state)
{
	struct anonymizer *anonymizer = *state;
	struct key_public old_key = anonymizer->own_key, new_key = key_of(7), old_other, other;
	assert_int_equal(anonymize_key(anonymizer, &old_key, &old_other), 0);
	anonymizer_change_own_key(anonymizer, &new_key);
	assert_int_equal(anonymize_key(anonymizer, &new_key, &other), 0);
	assert_true(key_public_equal(&other, &old_other));
	assert_int_equal(anonymize_key(anonymizer, &old_key, &other), 0);
	assert_false(key_public_equal(&other, &old_other));
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
	struct anonymous_id others[ID_COUNT];
	size_t order[ID_COUNT];
	for (unsigned kind = 0; kind < 3; kind++) {
		for (unsigned way = 0; way < 4; way++) {
			void *fresh;
			assert_int_equal(anonymizer_setup(&fresh), 0);
			ids_make(ids, kind);
			order_make(order, ID_COUNT, way);
			for (size_t i = 0; i < ID_COUNT; i++)
				if (anonymize_id(fresh, ids[order[i]], &others[order[i]]) != 0)
					fail_msg("kind %u, way %u: no room at %zu", kind, way, i);
			for (size_t i = 1; i < ID_COUNT; i++)
				if (sign(strcmp(ids[i - 1], ids[i])) !=
					sign(strcmp(others[i - 1].text, others[i].text)))
					fail_msg("kind %u, way %u: %s, %s: %s, %s", kind, way,
						ids[i - 1], ids[i], others[i - 1].text,
						others[i].text);
			for (size_t i = 0; i < ID_COUNT; i++)
				free(ids[i]);
			anonymizer_teardown(&fresh);
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
		masked = others[i] = anonymize_prefix(*state, &prefixes[i]);
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
		struct ip other = anonymize_ip(*state, &ip);
		struct ip again = ip_of(ip_format(&other).text);
		assert_true(ip_equal(&other, &again)); /* no mapped IPv4 */
		assert_int_equal(ip_is_unspecified(&other), ip_is_unspecified(&ip));
		assert_int_equal(ip_is_link_local(&other), ip_is_link_local(&ip));
		assert_int_equal(ip_is_multicast(&other), ip_is_multicast(&ip));
	}
	unsigned same = 0;
	for (size_t i = 0; i < COUNT_OF(common); i++) {
		struct ip ip = ip_of(common[i]);
		struct ip other = anonymize_ip(*state, &ip);
		same += ip_equal(&ip, &other);
	}
	assert_true(same < 2);
}

static void the_address_of_an_interface_lies_in_its_prefix(void **state)
{
	struct prefix address, network = prefix_of("10.1.2.0/24");
	assert_int_equal(prefix_parse_address("10.1.2.3/24", 11, &address, NULL), 0);
	struct prefix other = anonymize_prefix(*state, &address);
	struct prefix other_network = anonymize_prefix(*state, &network);
	assert_true(lies_within(&other, &other_network));
	assert_int_equal(other.length, 24);
	struct ip ip = anonymize_ip(*state, &address.ip);
	assert_true(ip_equal(&other.ip, &ip));
}

static void an_endpoint_keeps_its_port_and_has_another_zone(void **state)
{
	struct endpoint endpoint = endpoint_of("[fe80::4%eth0]:4500");
	struct endpoint other = anonymize_endpoint(*state, &endpoint);
	assert_int_equal(other.port, 4500);
	assert_int_equal(endpoint_validate(&other, NULL), 0);
	assert_string_not_equal(other.zone, "eth0");
	struct endpoint again = anonymize_endpoint(*state, &endpoint);
	assert_true(endpoint_equal(&other, &again));
}

static void no_preshared_key_stays_none_and_others_are_distinguished(void **state)
{
	struct key_secret zero = {{0}}, one = secret_of(1), two = secret_of(2);
	zero = anonymize_psk(*state, &zero);
	struct key_secret first = anonymize_psk(*state, &one);
	struct key_secret again = anonymize_psk(*state, &one);
	struct key_secret second = anonymize_psk(*state, &two);
	assert_true(key_secret_is_zero(&zero));
	assert_true(key_secret_equal(&first, &again));
	assert_false(key_secret_equal(&first, &second));
	assert_false(key_secret_equal(&first, &one));
}

static void two_recordings_have_nothing_in_common(void **state)
{
	void *other_state;
	struct key_public key = key_of(9), first, second;
	struct key_secret psk = secret_of(3);
	assert_int_equal(anonymizer_setup(&other_state), 0);
	assert_int_equal(anonymize_key(*state, &key, &first), 0);
	assert_int_equal(anonymize_key(other_state, &key, &second), 0);
	assert_false(key_public_equal(&first, &second));
	struct key_secret first_psk = anonymize_psk(*state, &psk);
	struct key_secret second_psk = anonymize_psk(other_state, &psk);
	assert_false(key_secret_equal(&first_psk, &second_psk));
	anonymizer_teardown(&other_state);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, anonymizer_setup, anonymizer_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(keys_keep_their_order_however_they_come),
		CASE(a_key_has_one_replacement),
		CASE(a_hundred_thousand_keys_in_order_find_room),
		CASE(the_replacement_of_the_own_key_has_a_private_key),
		CASE(another_own_key_has_the_replacement_of_the_old_one),
		CASE(ids_keep_their_order_however_they_come),
		CASE(prefixes_lie_within_each_other_as_before),
		CASE(an_address_stays_of_its_kind_and_becomes_another),
		CASE(the_address_of_an_interface_lies_in_its_prefix),
		CASE(an_endpoint_keeps_its_port_and_has_another_zone),
		CASE(no_preshared_key_stays_none_and_others_are_distinguished),
		CASE(two_recordings_have_nothing_in_common),
	};
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
