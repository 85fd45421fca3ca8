/* SPDX-License-Identifier: Apache-2.0 */
/* Peers as an array sorted by key. */
#include "harness.h"

#include "peer_table.h"

#include <errno.h>

static void append(struct peer_table *table, unsigned char key, const char *id)
{
	struct prefix prefixes[2] = {prefix_of("10.0.0.0/8"), prefix_of("fd00::/64")};
	prefixes[0].ip.bytes[1] = key;
	struct peer_config peer = {.public_key = key_of(key),
		.psk = secret_of(key),
		.id = id,
		.allowed_ips = prefixes,
		.allowed_ip_count = key % 3, /* none, one or two */
		.persistent_keepalive_s = key};
	assert_int_equal(peer_table_append(table, &peer), 0);
}

static void assert_is_peer(const struct peer_config *peer, unsigned char key)
{
	struct key_public public_key = key_of(key);
	struct key_secret psk = secret_of(key);
	assert_true(key_public_equal(&peer->public_key, &public_key));
	assert_true(key_secret_equal(&peer->psk, &psk));
	assert_int_equal(peer->persistent_keepalive_s, key);
	assert_int_equal(peer->allowed_ip_count, key % 3);
	if (key % 3)
		assert_int_equal(peer->allowed_ips[0].ip.bytes[1], key);
}

static void every_order_of_appending_gives_the_same_table(void **state)
{
	unsigned char order[4];
	unsigned tried = 0;
	for (unsigned code = 0; code < 256; code++) {
		unsigned seen = 0;
		for (unsigned i = 0; i < 4; i++) {
			order[i] = code >> 2 * i & 3;
			seen |= 1u << order[i];
		}
		if (seen != 15)
			continue;
		struct peer_table table = {0};
		for (unsigned i = 0; i < 4; i++)
			append(&table, (unsigned char)(order[i] + 1), "x");
		assert_int_equal(peer_table_seal(&table, NULL), 0);
		assert_true(table.sealed);
		assert_int_equal(table.count, 4);
		for (unsigned char i = 0; i < 4; i++)
			assert_is_peer(&table.peers[i], (unsigned char)(i + 1));
		peer_table_clear(&table);
		tried++;
	}
	assert_int_equal(tried, 24);
}

static void peers_without_allowed_ips_are_sorted_too(void **state)
{
	struct peer_table table = {0};
	append(&table, 6, "b");
	append(&table, 3, "a");
	assert_int_equal(peer_table_seal(&table, NULL), 0);
	assert_is_peer(&table.peers[0], 3);
	assert_is_peer(&table.peers[1], 6);
	peer_table_clear(&table);
}

static void a_repeated_key_is_rejected_and_named(void **state)
{
	static const unsigned char orders[][3] = {{1, 2, 1}, {1, 1, 2}, {2, 1, 1}};
	for (size_t i = 0; i < COUNT_OF(orders); i++) {
		struct peer_table table = {0};
		struct diag diag = {0};
		struct key_public key = key_of(1);
		for (size_t j = 0; j < 3; j++)
			append(&table, orders[i][j], "x");
		assert_int_equal(peer_table_seal(&table, &diag), PEER_TABLE_DUPLICATE);
		assert_contains(diag_text(&diag), key_public_format(&key).text);
		assert_false(table.sealed);
		diag_clear(&diag);
		peer_table_clear(&table);
	}
}

static void the_table_owns_what_its_peers_point_to(void **state)
{
	char id[] = "peer-1", host[] = "vpn.example.org", unusable[] = "192.0.2.2:0";
	struct prefix prefix = prefix_of("10.0.0.0/8"), wanted = prefix;
	struct peer_config peer = {.public_key = key_of(1),
		.id = id,
		.endpoint = {.kind = ENDPOINT_NAME, .host = host, .port = 1},
		.allowed_ips = &prefix,
		.allowed_ip_count = 1};
	struct peer_table table = {0};
	assert_int_equal(peer_table_append(&table, &peer), 0);
	struct peer_config other = {
		.public_key = key_of(2), .endpoint = {.kind = ENDPOINT_UNUSABLE, .host = unusable}};
	assert_int_equal(peer_table_append(&table, &other), 0);
	append(&table, 0, NULL);
	memset(unusable, 'x', sizeof unusable - 1);
	memset(id, 'x', sizeof id - 1);
	memset(host, 'x', sizeof host - 1);
	memset(&prefix, 0, sizeof prefix);
	assert_int_equal(peer_table_seal(&table, NULL), 0);
	assert_null(table.peers[0].id);
	assert_string_equal(table.peers[1].id, "peer-1");
	assert_string_equal(table.peers[1].endpoint.host, "vpn.example.org");
	assert_string_equal(table.peers[2].endpoint.host, "192.0.2.2:0");
	assert_true(prefix_equal(&table.peers[1].allowed_ips[0], &wanted));
	peer_table_clear(&table);
}

static void every_peer_is_found_and_no_other(void **state)
{
	for (unsigned count = 0; count < 40; count++) {
		struct peer_table table = {0};
		for (unsigned i = count; i > 0; i--)
			append(&table, (unsigned char)(2 * i), "x");
		assert_int_equal(peer_table_seal(&table, NULL), 0);
		for (unsigned i = 1; i <= 2 * count + 1; i++) {
			struct key_public key = key_of((unsigned char)i);
			const struct peer_config *peer = peer_table_find(&table, &key);
			assert_int_equal(peer != NULL, i % 2 == 0);
			if (peer)
				assert_is_peer(peer, (unsigned char)i);
		}
		peer_table_clear(&table);
	}
}

static void allowed_ips_lie_in_the_order_of_the_peers(void **state)
{
	struct peer_table table = {0};
	for (unsigned char key = 250; key > 0; key--)
		append(&table, key, NULL);
	assert_int_equal(peer_table_seal(&table, NULL), 0);
	const struct prefix *last = NULL;
	for (size_t i = 0; i < table.count; i++) {
		assert_is_peer(&table.peers[i], (unsigned char)(i + 1));
		if (!table.peers[i].allowed_ip_count)
			continue;
		if (last)
			assert_true((uintptr_t)table.peers[i].allowed_ips > (uintptr_t)last);
		last = table.peers[i].allowed_ips;
	}
	peer_table_clear(&table);
}

static void peers_without_allowed_ips_are_sorted_as_well(void **state)
{
	struct peer_table table = {0};
	for (unsigned char key = 9; key > 0; key -= 3)
		append(&table, key, "x");
	assert_int_equal(peer_table_seal(&table, NULL), 0);
	for (unsigned char i = 0; i < 3; i++)
		assert_is_peer(&table.peers[i], (unsigned char)(3 * i + 3));
	peer_table_clear(&table);
}

static void a_table_may_be_appended_to_and_sealed_again(void **state)
{
	struct peer_table table = {0};
	append(&table, 5, "x");
	assert_int_equal(peer_table_seal(&table, NULL), 0);
	append(&table, 4, "x");
	assert_false(table.sealed);
	assert_int_equal(peer_table_seal(&table, NULL), 0);
	assert_is_peer(&table.peers[0], 4);
	assert_is_peer(&table.peers[1], 5);
	peer_table_clear(&table);
}

static void reserved_room_is_not_allocated_again(void **state)
{
	struct peer_table table = {0};
	append(&table, 1, "x");
	assert_int_equal(peer_table_reserve(&table, 200), 0);
	assert_int_equal(table.capacity, 200);
	const struct peer_config *peers = table.peers;
	for (unsigned char key = 2; key <= 200; key++)
		append(&table, key, "x");
	assert_ptr_equal(table.peers, peers);
	assert_int_equal(peer_table_reserve(&table, 3), 0);
	assert_int_equal(peer_table_reserve(&table, SIZE_MAX / 2), -ENOMEM);
	assert_int_equal(table.capacity, 200);
	for (unsigned char key = 1; key <= 200; key++)
		assert_is_peer(&table.peers[key - 1], key);
	peer_table_clear(&table);
}

static void a_cleared_table_is_empty_and_can_be_used_anew(void **state)
{
	struct peer_table table = {0}, zero = {0};
	append(&table, 5, "x");
	peer_table_clear(&table);
	assert_memory_equal(&table, &zero, sizeof table);
	assert_int_equal(peer_table_seal(&table, NULL), 0);
	struct key_public key = key_of(5);
	assert_null(peer_table_find(&table, &key));
	append(&table, 6, "x");
	peer_table_clear(&table);
	peer_table_clear(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_order_of_appending_gives_the_same_table),
		cmocka_unit_test(peers_without_allowed_ips_are_sorted_too),
		cmocka_unit_test(a_repeated_key_is_rejected_and_named),
		cmocka_unit_test(the_table_owns_what_its_peers_point_to),
		cmocka_unit_test(every_peer_is_found_and_no_other),
		cmocka_unit_test(allowed_ips_lie_in_the_order_of_the_peers),
		cmocka_unit_test(peers_without_allowed_ips_are_sorted_as_well),
		cmocka_unit_test(a_table_may_be_appended_to_and_sealed_again),
		cmocka_unit_test(reserved_room_is_not_allocated_again),
		cmocka_unit_test(a_cleared_table_is_empty_and_can_be_used_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
