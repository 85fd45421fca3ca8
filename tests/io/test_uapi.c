/* SPDX-License-Identifier: Apache-2.0 */
#include "curve.h"
#include "diag.h"
#include "uapi.h"

#include <errno.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define KEY_A    "0101010101010101010101010101010101010101010101010101010101010101"
#define KEY_B    "0202020202020202020202020202020202020202020202020202020202020202"
#define SECRET   "a8abababababababababababababababababababababababababababababab6b"
#define NO_KEY   "0000000000000000000000000000000000000000000000000000000000000000"
#define PREFIXES 4

/* A peer with room for its prefixes. */
struct sample_peer {
	struct peer_config config;
	struct prefix prefixes[PREFIXES];
};

static void sample_fill(
	struct sample_peer *sample, uint8_t key, const char *endpoint, const char *const *prefixes)
{
	char host[ENDPOINT_HOST_MAX + 1];
	*sample = (struct sample_peer){0};
	memset(sample->config.public_key.bytes, key, KEY_BYTES);
	assert_int_equal(
		endpoint_parse(endpoint, strlen(endpoint), host, &sample->config.endpoint, NULL),
		0);
	uint32_t count = 0;
	for (; prefixes && prefixes[count]; count++)
		assert_int_equal(prefix_parse(prefixes[count], strlen(prefixes[count]),
					 &sample->prefixes[count], NULL),
			0);
	sample->config.allowed_ips = sample->prefixes;
	sample->config.allowed_ip_count = count;
}

static void expect_text(struct secret_buffer *request, const char *text)
{
	assert_false(request->out_of_memory);
	secret_buffer_append(request, "", 1);
	assert_string_equal(request->bytes, text);
	secret_buffer_clear(request);
}

static void expect_op_text(const struct peer_op *op, const char *text)
{
	struct secret_buffer request = {0};
	assert_int_equal(uapi_put_peer_op(&request, op, NULL), 0);
	expect_text(&request, text);
}

static const char *const one_prefix[] = {"10.1.0.0/16", NULL};
static const char *const two_prefixes[] = {"10.1.0.0/16", "fd00::/8", NULL};

static void a_set_request_is_framed(void **state)
{
	struct secret_buffer request = {0};
	uapi_begin_set(&request);
	uapi_put_device(&request, NULL, &(uint16_t){51820});
	uapi_end(&request);
	expect_text(&request, "set=1\nlisten_port=51820\n\n");
	uapi_put_get(&request);
	expect_text(&request, "get=1\n\n");
}

static void the_private_key_is_written_only_if_asked_for(void **state)
{
	struct secret_buffer request = {0};
	struct key_secret key;
	memset(key.bytes, 2, sizeof key.bytes);
	uapi_put_device(&request, &key, NULL);
	expect_text(&request, "private_key=" KEY_B "\n");
}

static void an_added_peer_is_written_whole_with_its_empty_fields(void **state)
{
	struct sample_peer peer;
	sample_fill(&peer, 1, "", NULL);
	expect_op_text(&(struct peer_op){.kind = PEER_OP_ADD, .desired = &peer.config},
		"public_key=" KEY_A "\npreshared_key=" NO_KEY
		"\npersistent_keepalive_interval=0\nreplace_allowed_ips=true\n");
}

static void an_added_peer_is_written_with_all_its_fields(void **state)
{
	struct sample_peer peer;
	sample_fill(&peer, 1, "[fe80::1%wlan0]:7", two_prefixes);
	memset(peer.config.psk.bytes, 2, KEY_BYTES);
	peer.config.persistent_keepalive_s = 65535;
	expect_op_text(&(struct peer_op){.kind = PEER_OP_ADD, .desired = &peer.config},
		"public_key=" KEY_A "\npreshared_key=" KEY_B "\nendpoint=[fe80::1%wlan0]:7\n"
		"persistent_keepalive_interval=65535\nreplace_allowed_ips=true\n"
		"allowed_ip=10.1.0.0/16\nallowed_ip=fd00::/8\n");
}

static void an_update_creates_nothing_and_names_only_its_fields(void **state)
{
	struct sample_peer peer;
	sample_fill(&peer, 1, "192.0.2.1:5", one_prefix);
	struct peer_op op = {PEER_OP_UPDATE, 0, &peer.config, &peer.config};
	expect_op_text(&op, "public_key=" KEY_A "\nupdate_only=true\n");
	op.fields = PEER_FIELD_PSK;
	expect_op_text(&op, "public_key=" KEY_A "\nupdate_only=true\npreshared_key=" NO_KEY "\n");
	op.fields = PEER_FIELD_ENDPOINT;
	expect_op_text(&op, "public_key=" KEY_A "\nupdate_only=true\nendpoint=192.0.2.1:5\n");
	op.fields = PEER_FIELD_PERSISTENT_KEEPALIVE;
	expect_op_text(
		&op, "public_key=" KEY_A "\nupdate_only=true\npersistent_keepalive_interval=0\n");
}

static void allowed_ips_that_grow_are_added_and_nothing_is_replaced(void **state)
{
	struct sample_peer wanted, actual;
	sample_fill(&wanted, 1, "", two_prefixes);
	sample_fill(&actual, 1, "", one_prefix);
	expect_op_text(&(struct peer_op){PEER_OP_UPDATE, PEER_FIELD_ALLOWED_IPS, &wanted.config,
			       &actual.config},
		"public_key=" KEY_A "\nupdate_only=true\nallowed_ip=fd00::/8\n");
}

static void allowed_ips_that_shrink_are_replaced(void **state)
{
	struct sample_peer wanted, actual;
	sample_fill(&wanted, 1, "", one_prefix);
	sample_fill(&actual, 1, "", two_prefixes);
	expect_op_text(&(struct peer_op){PEER_OP_UPDATE, PEER_FIELD_ALLOWED_IPS, &wanted.config,
			       &actual.config},
		"public_key=" KEY_A "\nupdate_only=true\nreplace_allowed_ips=true\n"
		"allowed_ip=10.1.0.0/16\n");
}

/* It may be gone, and then is created whole. */
static void a_known_peer_is_written_whole_and_replaces_nothing_that_stays(void **state)
{
	struct sample_peer wanted, known;
	sample_fill(&wanted, 1, "192.0.2.1:5", two_prefixes);
	sample_fill(&known, 1, "", two_prefixes);
	struct peer_op op = {PEER_OP_ADD, PEER_FIELDS_ALL, &wanted.config, &known.config};
	const char *text = "public_key=" KEY_A "\npreshared_key=" NO_KEY "\nendpoint=192.0.2.1:5\n"
			   "persistent_keepalive_interval=0\nallowed_ip=10.1.0.0/16\n"
			   "allowed_ip=fd00::/8\n";
	expect_op_text(&op, text);
	sample_fill(&known, 1, "", one_prefix);
	expect_op_text(&op, text);
}

static void a_known_peer_that_loses_a_prefix_has_all_replaced(void **state)
{
	struct sample_peer wanted, known;
	sample_fill(&wanted, 1, "", one_prefix);
	sample_fill(&known, 1, "", two_prefixes);
	expect_op_text(
		&(struct peer_op){PEER_OP_ADD, PEER_FIELDS_ALL, &wanted.config, &known.config},
		"public_key=" KEY_A "\npreshared_key=" NO_KEY "\npersistent_keepalive_interval=0\n"
		"replace_allowed_ips=true\nallowed_ip=10.1.0.0/16\n");
}

static void a_removal_creates_nothing(void **state)
{
	struct sample_peer peer;
	sample_fill(&peer, 1, "", NULL);
	expect_op_text(&(struct peer_op){.kind = PEER_OP_REMOVE, .actual = &peer.config},
		"public_key=" KEY_A "\nupdate_only=true\nremove=true\n");
}

static void a_host_name_is_rejected_and_leaves_the_request_unchanged(void **state)
{
	struct sample_peer peer;
	struct secret_buffer request = {0};
	struct diag diag = {0};
	sample_fill(&peer, 1, "", NULL);
	peer.config.endpoint =
		(struct endpoint){.kind = ENDPOINT_NAME, .host = "a.example", .port = 1};
	uapi_begin_set(&request);
	assert_int_equal(
		uapi_put_peer_op(&request,
			&(struct peer_op){.kind = PEER_OP_ADD, .desired = &peer.config}, &diag),
		-EINVAL);
	assert_non_null(strstr(diag_text(&diag), "host name"));
	diag_clear(&diag);
	expect_text(&request, "set=1\n");
}

static void truncating_wipes_the_rest(void **state)
{
	struct secret_buffer buffer = {0};
	secret_buffer_append_text(&buffer, "public secret");
	secret_buffer_truncate(&buffer, 7);
	assert_int_equal(buffer.length, 7);
	assert_memory_equal(buffer.bytes, "public \0\0\0\0\0\0", 13);
	secret_buffer_clear(&buffer);
	assert_null(buffer.bytes);
}

static int decode(const char *reply, struct device *ret, struct diag *diag)
{
	return uapi_decode_device(reply, strlen(reply), ret, diag);
}

static const char whole_reply[] =
	"private_key=" SECRET "\nlisten_port=51820\nfwmark=7\n"
	"public_key=" KEY_B "\npreshared_key=" SECRET "\nprotocol_version=1\n"
	"endpoint=[2001:db8::1]:9\nlast_handshake_time_sec=1700000000\n"
	"last_handshake_time_nsec=5\ntx_bytes=18446744073709551615\nrx_bytes=12\n"
	"persistent_keepalive_interval=25\nallowed_ip=fd00::/8\nallowed_ip=10.1.2.3/16\n"
	"public_key=" KEY_A "\npreshared_key=" NO_KEY "\nendpoint=[::ffff:192.0.2.9]:10\n"
	"allowed_ip=::ffff:10.9.0.0/112\nallowed_ip=10.9.0.0/16\n"
	"errno=0\n\n";

static void a_reply_becomes_a_device_in_canonical_form(void **state)
{
	struct device device = {0};
	struct key_public own;
	struct key_secret secret;
	assert_int_equal(decode(whole_reply, &device, NULL), 0);
	sodium_hex2bin(secret.bytes, KEY_BYTES, SECRET, strlen(SECRET), NULL, NULL, NULL);
	key_public_derive(&secret, &own);
	assert_true(key_public_equal(&device.public_key, &own));
	assert_int_equal(device.listen_port, 51820);
	assert_int_equal(device.peers.count, 2);

	const struct peer_config *plain = &device.peers.peers[0];
	assert_int_equal(plain->public_key.bytes[0], 1);
	assert_true(key_secret_is_zero(&plain->psk));
	assert_string_equal(endpoint_format(&plain->endpoint).text, "192.0.2.9:10");
	assert_int_equal(plain->allowed_ip_count, 1);
	assert_string_equal(prefix_format(&plain->allowed_ips[0]).text, "10.9.0.0/16");
	assert_int_equal(plain->persistent_keepalive_s, 0);
	assert_int_equal(plain->status.last_handshake_s, 0);

	const struct peer_config *full = &device.peers.peers[1];
	assert_true(key_secret_equal(&full->psk, &secret));
	assert_string_equal(endpoint_format(&full->endpoint).text, "[2001:db8::1]:9");
	assert_int_equal(full->status.last_handshake_s, 1700000000);
	assert_true(full->status.tx_bytes == UINT64_MAX);
	assert_int_equal(full->status.rx_bytes, 12);
	assert_int_equal(full->persistent_keepalive_s, 25);
	assert_int_equal(full->allowed_ip_count, 2);
	assert_string_equal(prefix_format(&full->allowed_ips[0]).text, "10.1.0.0/16");
	device_clear(&device);
}

static void an_empty_device_is_one(void **state)
{
	struct device device = {0};
	assert_int_equal(decode("errno=0\n\n", &device, NULL), 0);
	assert_true(key_public_is_zero(&device.public_key));
	assert_int_equal(device.peers.count, 0);
	assert_true(device.peers.sealed);
	device_clear(&device);
}

static void a_reply_cut_anywhere_is_an_error_and_returns_nothing(void **state)
{
	for (size_t length = 0; length < sizeof whole_reply - 1; length++) {
		struct device device = {.mtu = 4711};
		assert_int_equal(uapi_decode_device(whole_reply, length, &device, NULL), -EPROTO);
		assert_int_equal(device.mtu, 4711);
		assert_null(device.peers.peers);
	}
}

static void the_errno_of_a_reply_is_returned_with_either_sign(void **state)
{
	struct diag diag = {0};
	bool refused = false;
	const char *const replies[] = {"errno=22\n\n", "errno=-22\n\n"};
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(
			uapi_decode_status(replies[i], strlen(replies[i]), &refused, &diag),
			-EINVAL);
		assert_true(refused);
		assert_string_equal(diag_text(&diag), "Invalid argument");
		assert_int_equal(decode(replies[i], NULL, NULL), -EINVAL);
	}
	assert_int_equal(uapi_decode_status("errno=0\n\n", 9, &refused, &diag), 0);
	assert_false(refused);
	assert_int_equal(uapi_decode_status("errno=x\n\n", 9, &refused, &diag), -EPROTO);
	assert_false(refused);
	assert_int_equal(uapi_decode_status("errno=0\n", 8, &refused, &diag), -EPROTO);
	assert_int_equal(uapi_decode_status("xerrno=0\n\n", 10, &refused, &diag), -EPROTO);
	diag_clear(&diag);
}

static void unknown_keys_are_ignored(void **state)
{
	struct device device = {0};
	assert_int_equal(decode("colour=blue\npublic_key=" KEY_A "\nmood=\nallowed_ip=::/0\n"
				"errno=0\n\n",
				 &device, NULL),
		0);
	assert_int_equal(device.peers.count, 1);
	assert_int_equal(device.peers.peers[0].allowed_ip_count, 1);
	device_clear(&device);
}

/* `line` comes after a public_key if `in_peer`. The text names `key`, and contains no value. */
static void expect_bad_line(bool in_peer, const char *line, const char *key)
{
	struct device device = {.mtu = 4711};
	struct diag diag = {0};
	char reply[400];
	snprintf(reply, sizeof reply, "%s%s\nerrno=0\n\n", in_peer ? "public_key=" KEY_B "\n" : "",
		line);
	int error = decode(reply, &device, &diag);
	if (error != -EPROTO || !strstr(diag_text(&diag), key))
		fail_msg("%s: %d %s", line, error, diag_text(&diag));
	if (strchr(line, '='))
		assert_null(strstr(diag_text(&diag), strchr(line, '=') + 1));
	assert_int_equal(device.mtu, 4711);
	diag_clear(&diag);
}

static void a_reply_with_an_unreadable_key_or_line_is_an_error(void **state)
{
	expect_bad_line(false, "public_key=0101", "public_key");
	expect_bad_line(false, "public_key=zz" NO_KEY, "public_key");
	expect_bad_line(true, "no equals sign", "line 2");
	expect_bad_line(true, "", "line 2");
}

/* The lines of a reply, in order, and an invalid value for each. */
static const struct odd_line {
	const char *key;
	const char *value;
	const char *odd[10];
} odd_lines[] = {
	{"private_key", SECRET, {"", "abcd", SECRET "00", "zz" NO_KEY, "(none)"}},
	{"listen_port", "51820", {"", "65536", "-1", "0x1", "99999999999999999999999", " 1"}},
	{"fwmark", "7", {"", "4294967296", "off", "-1"}},
	{"public_key", KEY_B, {NULL}},
	{"preshared_key", SECRET, {"", "01 101", SECRET "00", "a8"}},
	{"protocol_version", "1", {"", "2", "one"}},
	{"endpoint", "192.0.2.9:10",
		{"a.example:9", "192.0.2.1", "192.0.2.2:0", "224.0.0.1:5", "0.0.0.0:0", "[::]:1",
			"192.0.2.1:65536", "[fe80::1%eth0]:0", "\x1b[2J", "(none)"}},
	{"last_handshake_time_sec", "1700000000", {"", "-1", "9223372036854775808", "1.5", "x"}},
	{"last_handshake_time_nsec", "5", {"", "-5", "x"}},
	{"tx_bytes", "11", {"", "-1", "18446744073709551616", "1.5"}},
	{"rx_bytes", "12", {"", "-1", "18446744073709551616", "1.5"}},
	{"persistent_keepalive_interval", "25", {"", "65536", "-1", "off"}},
	{"allowed_ip", "10.1.0.0/16", {"", "10.0.0.0/33", "::/129", "x", "10.0.0.0/-1", "(none)"}},
	{"unheard_of", "1", {"", "\xff"}},
	{"public_key", KEY_A, {NULL}},
	{"endpoint", "192.0.2.7:7", {"192.0.2.7:0"}},
};

/* The reply with an invalid value in the line `odd`; COUNT: none. The caller clears its device. */
static struct device odd_device(size_t odd, const char *value)
{
	char reply[4000] = "";
	struct device device = {0};
	struct diag diag = {0};
	for (size_t i = 0; i < sizeof odd_lines / sizeof *odd_lines; i++)
		snprintf(reply + strlen(reply), sizeof reply - strlen(reply), "%s=%s\n",
			odd_lines[i].key, i == odd ? value : odd_lines[i].value);
	snprintf(reply + strlen(reply), sizeof reply - strlen(reply), "errno=0\n\n");
	int error = decode(reply, &device, &diag);
	if (error)
		fail_msg("%s=%s: %d %s", odd < SIZE_MAX ? odd_lines[odd].key : "", value, error,
			diag_text(&diag));
	return device;
}

static void expect_equal_but_for(
	const struct device *whole, const struct device *odd, size_t line, const char *value)
{
	const char *key = odd_lines[line].key;
	/* By key: the lines up to the last two are those of the second peer. */
	const struct peer_config *a = &whole->peers.peers[1], *b = &odd->peers.peers[1];
	bool is_of_other = line >= sizeof odd_lines / sizeof *odd_lines - 2;
	assert_int_equal(odd->peers.count, 2);
	assert_int_equal(key_public_equal(&whole->public_key, &odd->public_key),
		strcmp(key, "private_key") != 0);
	assert_int_equal(odd->listen_port, strcmp(key, "listen_port") ? 51820 : 0);
	assert_int_equal(odd->fwmark, strcmp(key, "fwmark") ? 7 : 0);
	assert_int_equal(key_secret_is_zero(&b->psk), strcmp(key, "preshared_key") == 0);
	assert_int_equal(b->status.last_handshake_s,
		strcmp(key, "last_handshake_time_sec") ? 1700000000 : 0);
	assert_int_equal(b->status.tx_bytes, strcmp(key, "tx_bytes") ? 11 : 0);
	assert_int_equal(b->status.rx_bytes, strcmp(key, "rx_bytes") ? 12 : 0);
	assert_int_equal(
		b->persistent_keepalive_s, strcmp(key, "persistent_keepalive_interval") ? 25 : 0);
	assert_int_equal(b->allowed_ip_count, strcmp(key, "allowed_ip") ? 1 : 0);
	if (is_of_other)
		a = &whole->peers.peers[0], b = &odd->peers.peers[0];
	if (strcmp(key, "endpoint")) {
		assert_true(endpoint_equal(&a->endpoint, &b->endpoint));
		return;
	}
	/* It is stored as received, except for what is no text. */
	assert_int_equal(b->endpoint.kind, ENDPOINT_UNUSABLE);
	assert_string_equal(
		endpoint_format(&b->endpoint).text, strchr(value, '\x1b') ? "?[2J" : value);
}

static void an_invalid_value_affects_only_itself(void **state)
{
	struct device whole = odd_device(SIZE_MAX, "");
	assert_int_equal(whole.peers.count, 2);
	for (size_t line = 0; line < sizeof odd_lines / sizeof *odd_lines; line++)
		for (size_t i = 0; i < 10 && odd_lines[line].odd[i]; i++) {
			struct device odd = odd_device(line, odd_lines[line].odd[i]);
			expect_equal_but_for(&whole, &odd, line, odd_lines[line].odd[i]);
			device_clear(&odd);
		}
	device_clear(&whole);
}

static void an_invalid_endpoint_text_is_no_endpoint(void **state)
{
	struct device device = {0};
	assert_int_equal(decode("public_key=" KEY_A "\nendpoint=\nerrno=0\n\n", &device, NULL), 0);
	assert_int_equal(device.peers.peers[0].endpoint.kind, ENDPOINT_NONE);
	device_clear(&device);
}

/* It can be removed, like any other undesired peer. */
static void a_peer_whose_key_is_zero_is_read(void **state)
{
	struct device device = {0};
	assert_int_equal(decode("public_key=" NO_KEY "\nerrno=0\n\n", &device, NULL), 0);
	assert_int_equal(device.peers.count, 1);
	device_clear(&device);
}

/* As boringtun replies: no private key, and the age of a handshake for its time. */
static void another_protocol_is_named_at_once(void **state)
{
	struct device device = {.mtu = 4711};
	struct diag diag = {0};
	assert_int_equal(decode("own_public_key=" KEY_B "\nlisten_port=51820\npublic_key=" KEY_A
				"\nrx_bytes=0\ntx_bytes=0\nlast_handshake_time_sec=3\nerrno=0\n\n",
				 &device, &diag),
		-EPROTONOSUPPORT);
	assert_non_null(strstr(diag_text(&diag), "another dialect"));
	assert_non_null(strstr(diag_text(&diag), "own_public_key"));
	assert_non_null(strstr(diag_text(&diag), "wireguard-go"));
	assert_null(strstr(diag_text(&diag), KEY_B));
	assert_int_equal(device.mtu, 4711);
	diag_clear(&diag);
}

static void a_line_out_of_place_is_an_error(void **state)
{
	expect_bad_line(false, "allowed_ip=10.0.0.0/8", "allowed_ip");
	expect_bad_line(false, "preshared_key=" SECRET, "preshared_key");
	expect_bad_line(true, "private_key=" SECRET, "private_key");
}

static void a_peer_that_comes_twice_is_an_error(void **state)
{
	struct device device = {.mtu = 4711};
	struct diag diag = {0};
	assert_int_equal(decode("public_key=" KEY_A "\npublic_key=" KEY_B "\npublic_key=" KEY_A
				"\nerrno=0\n\n",
				 &device, &diag),
		-EPROTO);
	assert_true(strlen(diag_text(&diag)) > 0);
	assert_int_equal(device.mtu, 4711);
	diag_clear(&diag);
}

static void written_requests_can_be_read(void **state)
{
	struct sample_peer peer;
	struct secret_buffer text = {0};
	struct device device = {0};
	sample_fill(&peer, 1, "192.0.2.1:5", two_prefixes);
	memset(peer.config.psk.bytes, 3, KEY_BYTES);
	peer.config.persistent_keepalive_s = 25;
	struct peer_op op = {.kind = PEER_OP_ADD, .desired = &peer.config};
	assert_int_equal(uapi_put_peer_op(&text, &op, NULL), 0);
	secret_buffer_append_text(&text, "errno=0\n\n");
	assert_int_equal(uapi_decode_device(text.bytes, text.length, &device, NULL), 0);
	assert_int_equal(device.peers.count, 1);
	assert_int_equal(peer_config_difference(&peer.config, &device.peers.peers[0]), 0);
	assert_true(endpoint_equal(&peer.config.endpoint, &device.peers.peers[0].endpoint));
	secret_buffer_clear(&text);
	device_clear(&device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_request_is_framed),
		cmocka_unit_test(the_private_key_is_written_only_if_asked_for),
		cmocka_unit_test(an_added_peer_is_written_whole_with_its_empty_fields),
		cmocka_unit_test(an_added_peer_is_written_with_all_its_fields),
		cmocka_unit_test(an_update_creates_nothing_and_names_only_its_fields),
		cmocka_unit_test(allowed_ips_that_grow_are_added_and_nothing_is_replaced),
		cmocka_unit_test(allowed_ips_that_shrink_are_replaced),
		cmocka_unit_test(a_known_peer_is_written_whole_and_replaces_nothing_that_stays),
		cmocka_unit_test(a_known_peer_that_loses_a_prefix_has_all_replaced),
		cmocka_unit_test(a_removal_creates_nothing),
		cmocka_unit_test(a_host_name_is_rejected_and_leaves_the_request_unchanged),
		cmocka_unit_test(truncating_wipes_the_rest),
		cmocka_unit_test(a_reply_becomes_a_device_in_canonical_form),
		cmocka_unit_test(an_empty_device_is_one),
		cmocka_unit_test(a_reply_cut_anywhere_is_an_error_and_returns_nothing),
		cmocka_unit_test(the_errno_of_a_reply_is_returned_with_either_sign),
		cmocka_unit_test(unknown_keys_are_ignored),
		cmocka_unit_test(a_reply_with_an_unreadable_key_or_line_is_an_error),
		cmocka_unit_test(an_invalid_value_affects_only_itself),
		cmocka_unit_test(an_invalid_endpoint_text_is_no_endpoint),
		cmocka_unit_test(a_peer_whose_key_is_zero_is_read),
		cmocka_unit_test(another_protocol_is_named_at_once),
		cmocka_unit_test(a_line_out_of_place_is_an_error),
		cmocka_unit_test(a_peer_that_comes_twice_is_an_error),
		cmocka_unit_test(written_requests_can_be_read),
	};
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
