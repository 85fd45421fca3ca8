/* SPDX-License-Identifier: Apache-2.0 */
/* From the wire form of a peer to the canonical one. */
#include "harness.h"

#include "arena.h"
#include "peer_config.h"

#define TWOS   "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
#define THREES "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM="
#define ZEROS  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static const char *const one_ip[] = {"10.100.0.2/32"};

/* A valid peer; each test changes one thing. */
static struct api_peer good_peer(void)
{
	return (struct api_peer){
		.id = "peer-2",
		.public_key = TWOS,
		.mesh_ip = "10.100.0.2",
		.endpoint = "198.51.100.2:51820",
		.psk = THREES,
		.allowed_ips = one_ip,
		.allowed_ip_count = 1,
		.persistent_keepalive_s = 25,
	};
}

static void a_valid_peer_is_copied_member_by_member(void **state)
{
	struct arena arena = {0};
	struct peer_config peer = {0};
	struct api_peer api = good_peer();
	assert_int_equal(peer_config_from_api(&api, 7, &arena, &peer, NULL), 0);
	struct key_public key = key_of(2);
	struct key_secret psk = secret_of(3);
	struct prefix prefix = prefix_of("10.100.0.2/32");
	assert_string_equal(peer.id, "peer-2");
	assert_true(key_public_equal(&peer.public_key, &key));
	assert_true(key_secret_equal(&peer.psk, &psk));
	assert_string_equal(endpoint_format(&peer.endpoint).text, "198.51.100.2:51820");
	assert_int_equal(peer.allowed_ip_count, 1);
	assert_true(prefix_equal(&peer.allowed_ips[0], &prefix));
	assert_int_equal(peer.persistent_keepalive_s, 25);
	assert_int_equal(peer.status.last_handshake_s, 0);
	assert_int_equal(peer.status.tx_bytes, 0);
	arena_clear(&arena);
}

static void the_result_does_not_borrow_from_the_wire_form(void **state)
{
	char id[] = "peer-2", endpoint[] = "vpn.example.org:1";
	struct arena arena = {0};
	struct peer_config peer = {0};
	struct api_peer api = good_peer();
	api.id = id;
	api.endpoint = endpoint;
	assert_int_equal(peer_config_from_api(&api, 0, &arena, &peer, NULL), 0);
	memset(id, 'x', sizeof id - 1);
	memset(endpoint, 'x', sizeof endpoint - 1);
	assert_string_equal(peer.id, "peer-2");
	assert_string_equal(peer.endpoint.host, "vpn.example.org");
	arena_clear(&arena);
}

static void every_error_names_the_member_and_leaves_the_result_unchanged(void **state)
{
	static char long_id[258];
	memset(long_id, 'i', sizeof long_id - 2);
	static const char *const ips[] = {"10.0.0.0/33"};
	static const char *const second[] = {"10.0.0.0/8", "nowhere"};
	struct {
		struct api_peer peer;
		const char *error;
	} rows[40];
	size_t count = 0;
#define SPOILT(member, value, text)                                                                \
	rows[count].peer = good_peer();                                                            \
	rows[count].peer.member = value;                                                           \
	rows[count++].error = text
	SPOILT(id, NULL, "id: missing");
	SPOILT(id, "", "id: empty");
	SPOILT(id, long_id, "id: 256 bytes, at most 255 are allowed");
	SPOILT(public_key, NULL, "public_key: missing");
	SPOILT(public_key, "", "public_key: 0 characters, a key in base64 has 44");
	SPOILT(public_key, "x", "public_key: 1 characters, a key in base64 has 44");
	SPOILT(public_key, "!gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=",
		"public_key: not base64 of 32 bytes");
	SPOILT(public_key, ZEROS, "public_key: all zero, which is no key");
	SPOILT(mesh_ip, "10.100.0.2/32", "mesh_ip: \"10.100.0.2/32\": not an IP address");
	SPOILT(mesh_ip, "x", "mesh_ip: \"x\": not an IP address");
	SPOILT(mesh_ip, "127.0.0.1", "mesh_ip: \"127.0.0.1\": cannot be the address of a node");
	SPOILT(endpoint, "198.51.100.2", "endpoint: \"198.51.100.2\": no port");
	SPOILT(endpoint, "198.51.100.2:0",
		"endpoint: \"198.51.100.2:0\": the port is not between 1 and 65535");
	SPOILT(endpoint, "2001:db8::1:51820",
		"endpoint: \"2001:db8::1:51820\": an IPv6 address needs brackets");
	SPOILT(endpoint, "[x]:1", "endpoint: \"[x]:1\": not an IPv6 address in the brackets");
	SPOILT(endpoint, "[2001:db8::1%a]:1",
		"endpoint: \"[2001:db8::1%a]:1\": a zone is for link-local addresses only");
	SPOILT(endpoint, "[fe80::1%]:1", "endpoint: \"[fe80::1%]:1\": a zone has 1 to 15 bytes");
	SPOILT(endpoint, "[fe80::1%/]:1",
		"endpoint: \"[fe80::1%/]:1\": the zone is not an interface name");
	SPOILT(endpoint, "a b:1", "endpoint: \"a b:1\": neither an IP address nor a host name");
	SPOILT(endpoint, "0.0.0.0:1", "endpoint: \"0.0.0.0:1\": the unspecified address");
	SPOILT(endpoint, "[ff02::1]:1", "endpoint: \"[ff02::1]:1\": a multicast address");
	SPOILT(endpoint, "240.0.0.1:1", "endpoint: \"240.0.0.1:1\": a reserved address");
	SPOILT(endpoint, "[fe80::1]:1",
		"endpoint: \"[fe80::1]:1\": a link-local address without a zone");
	SPOILT(allowed_ips, ips, "allowed_ips[0]: \"10.0.0.0/33\": prefix length over 32");
	SPOILT(allowed_ips, second, "allowed_ips[1]: \"nowhere\": not an IP address or prefix");
	rows[count - 1].peer.allowed_ip_count = 2;
	SPOILT(persistent_keepalive_s, 65536, "persistent_keepalive: over 65535");
	SPOILT(persistent_keepalive_s, INT64_MAX, "persistent_keepalive: over 65535");
	SPOILT(psk, "x", "psk: 1 characters, a key in base64 has 44");
	SPOILT(psk, "!wMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=", "psk: not base64 of 32 bytes");
#undef SPOILT
	for (size_t i = 0; i < count; i++) {
		struct arena arena = {0};
		struct diag diag = {0};
		struct peer_config peer, before;
		memset(&peer, 0x5a, sizeof peer);
		memcpy(&before, &peer, sizeof peer);
		int error = peer_config_from_api(&rows[i].peer, 0, &arena, &peer, &diag);
		assert_int_equal(error, -EINVAL);
		assert_string_equal(diag_text(&diag), rows[i].error);
		assert_memory_equal(&peer, &before, sizeof peer);
		diag_clear(&diag);
		arena_clear(&arena);
	}
}

static void a_rejected_psk_is_not_quoted(void **state)
{
	struct arena arena = {0};
	struct diag diag = {0};
	struct peer_config peer;
	struct api_peer api = good_peer();
	api.psk = "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3I!";
	assert_int_equal(peer_config_from_api(&api, 0, &arena, &peer, &diag), -EINVAL);
	assert_lacks(diag_text(&diag), "c2V");
	assert_lacks(diag_text(&diag), "secret");
	diag_clear(&diag);
	arena_clear(&arena);
}

static struct peer_config made_from(const struct api_peer *api, struct arena *arena)
{
	struct peer_config peer = {0};
	assert_int_equal(peer_config_from_api(api, 7, arena, &peer, NULL), 0);
	return peer;
}

static void a_missing_member_means_none(void **state)
{
	struct arena arena = {0};
	struct api_peer api = {.id = "p", .public_key = TWOS, .persistent_keepalive_s = -1};
	struct peer_config peer = made_from(&api, &arena);
	assert_int_equal(peer.endpoint.kind, ENDPOINT_NONE);
	assert_true(key_secret_is_zero(&peer.psk));
	assert_int_equal(peer.allowed_ip_count, 0);
	arena_clear(&arena);
}

static void a_psk_that_is_empty_or_all_zero_is_none(void **state)
{
	struct arena arena = {0};
	struct api_peer api = good_peer();
	api.psk = "";
	struct peer_config peer = made_from(&api, &arena);
	assert_true(key_secret_is_zero(&peer.psk));
	api.psk = ZEROS;
	peer = made_from(&api, &arena);
	assert_true(key_secret_is_zero(&peer.psk));
	arena_clear(&arena);
}

static void an_empty_endpoint_is_none(void **state)
{
	struct arena arena = {0};
	struct api_peer api = good_peer();
	api.endpoint = "";
	struct peer_config peer = made_from(&api, &arena);
	assert_int_equal(peer.endpoint.kind, ENDPOINT_NONE);
	arena_clear(&arena);
}

static void a_keepalive_that_is_missing_is_the_default_and_zero_is_off(void **state)
{
	struct arena arena = {0};
	struct api_peer api = good_peer();
	api.persistent_keepalive_s = -1;
	assert_int_equal(made_from(&api, &arena).persistent_keepalive_s, 7);
	api.persistent_keepalive_s = 0;
	assert_int_equal(made_from(&api, &arena).persistent_keepalive_s, 0);
	api.persistent_keepalive_s = 65535;
	assert_int_equal(made_from(&api, &arena).persistent_keepalive_s, 65535);
	arena_clear(&arena);
}

static void allowed_ips_are_masked_sorted_and_free_of_repeats(void **state)
{
	static const char *const ips[] = {"fd00::1", "10.1.2.3/16", "::ffff:10.1.0.0/112",
		"10.0.0.9", "10.1.255.255/16", "0.0.0.0/0"};
	static const char *const wanted[] = {
		"0.0.0.0/0", "10.0.0.9/32", "10.1.0.0/16", "fd00::1/128"};
	struct arena arena = {0};
	struct api_peer api = good_peer();
	api.allowed_ips = ips;
	api.allowed_ip_count = COUNT_OF(ips);
	struct peer_config peer = made_from(&api, &arena);
	assert_int_equal(peer.allowed_ip_count, COUNT_OF(wanted));
	for (size_t i = 0; i < COUNT_OF(wanted); i++)
		assert_string_equal(prefix_format(&peer.allowed_ips[i]).text, wanted[i]);
	arena_clear(&arena);
}

static void two_spellings_of_one_peer_have_equal_allowed_ips(void **state)
{
	static const char *const first[] = {"10.0.0.1/8", "fd00:0::1"};
	static const char *const second[] = {"fd00::1/128", "10.0.0.0/8", "10.255.0.0/8"};
	static const char *const other[] = {"10.0.0.0/8", "fd00::2"};
	struct arena arena = {0};
	struct api_peer a = good_peer(), b = good_peer(), c = good_peer(), none = good_peer();
	a.allowed_ips = first, a.allowed_ip_count = 2;
	b.allowed_ips = second, b.allowed_ip_count = 3;
	c.allowed_ips = other, c.allowed_ip_count = 2;
	none.allowed_ip_count = 0;
	struct peer_config x = made_from(&a, &arena), y = made_from(&b, &arena);
	struct peer_config z = made_from(&c, &arena), empty = made_from(&none, &arena);
	assert_true(peer_allowed_ips_equal(&x, &y));
	assert_false(peer_allowed_ips_equal(&x, &z));
	assert_false(peer_allowed_ips_equal(&x, &empty));
	assert_false(peer_allowed_ips_equal(&empty, &x));
	assert_true(peer_allowed_ips_equal(&empty, &empty));
	arena_clear(&arena);
}

static void a_peer_has_a_prefix_only_if_it_is_exactly_that_one(void **state)
{
	static const char *const ips[] = {"10.0.0.0/8", "10.1.0.0/16", "192.0.2.7", "fd00::/64"};
	struct arena arena = {0};
	struct api_peer api = good_peer();
	api.allowed_ips = ips;
	api.allowed_ip_count = COUNT_OF(ips);
	struct peer_config peer = made_from(&api, &arena);
	for (size_t i = 0; i < COUNT_OF(ips); i++) {
		struct prefix prefix = prefix_of(ips[i]);
		assert_true(peer_has_allowed_ip(&peer, &prefix));
	}
	static const char *const others[] = {"10.0.0.0/9", "10.0.0.0/7", "0.0.0.0/0", "::/0",
		"192.0.2.6", "fd00::/65", "ffff::"};
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		struct prefix prefix = prefix_of(others[i]);
		assert_false(peer_has_allowed_ip(&peer, &prefix));
	}
	arena_clear(&arena);
}

static void each_field_has_its_wire_name(void **state)
{
	assert_int_equal(PEER_FIELD_COUNT, 4);
	assert_string_equal(peer_field_name(PEER_FIELD_BIT_ENDPOINT), "endpoint");
	assert_string_equal(peer_field_name(PEER_FIELD_BIT_ALLOWED_IPS), "allowed_ips");
	assert_string_equal(peer_field_name(PEER_FIELD_BIT_PSK), "psk");
	assert_string_equal(
		peer_field_name(PEER_FIELD_BIT_PERSISTENT_KEEPALIVE), "persistent_keepalive");
}

static void an_empty_mesh_ip_is_none(void **state)
{
	struct arena arena = {0};
	struct api_peer api = good_peer();
	api.mesh_ip = "";
	made_from(&api, &arena);
	arena_clear(&arena);
}

static void more_allowed_ips_than_can_be_counted_are_rejected(void **state)
{
	struct arena arena = {0};
	struct peer_config peer = {0};
	struct diag diag = {0};
	struct api_peer api = good_peer();
	api.allowed_ip_count = (size_t)UINT32_MAX + 1;
	assert_int_equal(peer_config_from_api(&api, 0, &arena, &peer, &diag), -EINVAL);
	assert_string_equal(diag_text(&diag), "allowed_ips: too many");
	diag_clear(&diag);
	arena_clear(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_valid_peer_is_copied_member_by_member),
		cmocka_unit_test(the_result_does_not_borrow_from_the_wire_form),
		cmocka_unit_test(every_error_names_the_member_and_leaves_the_result_unchanged),
		cmocka_unit_test(a_rejected_psk_is_not_quoted),
		cmocka_unit_test(a_missing_member_means_none),
		cmocka_unit_test(a_psk_that_is_empty_or_all_zero_is_none),
		cmocka_unit_test(an_empty_endpoint_is_none),
		cmocka_unit_test(a_keepalive_that_is_missing_is_the_default_and_zero_is_off),
		cmocka_unit_test(allowed_ips_are_masked_sorted_and_free_of_repeats),
		cmocka_unit_test(two_spellings_of_one_peer_have_equal_allowed_ips),
		cmocka_unit_test(a_peer_has_a_prefix_only_if_it_is_exactly_that_one),
		cmocka_unit_test(each_field_has_its_wire_name),
		cmocka_unit_test(an_empty_mesh_ip_is_none),
		cmocka_unit_test(more_allowed_ips_than_can_be_counted_are_rejected),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
