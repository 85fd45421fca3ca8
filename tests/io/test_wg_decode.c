/* SPDX-License-Identifier: Apache-2.0 */
/* A device from its dump: whole, or not at all. */
#include "harness.h"
#include "netlink_reply.h"
#include "peer_world.h"
#include "wg_decode.h"
#include "wg_dump_maker.h"
#include "wg_netlink.h"

#include <linux/genetlink.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

struct bench {
	struct peer_world world;
	struct dump dump;
	struct device device;
	struct diag diag;
	size_t peer_count; /* to be expected */
};

static int bench_setup(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);
	*state = bench;
	return 0;
}

static int bench_teardown(void **state)
{
	struct bench *bench = *state;
	peer_world_clear(&bench->world);
	dump_clear(&bench->dump);
	device_clear(&bench->device);
	diag_clear(&bench->diag);
	free(bench);
	return 0;
}

/* Three peers with 3, 0 and 4 prefixes, in another order than that of their keys. */
static void peers_prepare(struct bench *bench)
{
	struct peer_world *world = &bench->world;
	struct peer_config *first = world_peer(world,
		(struct world_peer){9, "10.1.0.0/16,10.2.0.0/16,fd00::/8", "192.0.2.1:7", 5, 25});
	struct peer_config *last = world_peer(
		world, (struct world_peer){5, "10.3.0.0/16,10.4.0.0/16,fd01::/16,0.0.0.0/0",
			       "[fe80::1%3]:8", 0, 0});
	first->status = (struct peer_status){1700000000, 123456789012, 7};
	world_put(&world->actual, first);
	world_put(&world->actual, world_peer(world, (struct world_peer){7, ""}));
	world_put(&world->actual, last);
}

static struct netlink_reply reply_begin(struct bench *bench, struct wg_decode *decode)
{
	wg_decode_begin(decode, DUMP_INDEX, bench->peer_count, &bench->diag);
	return (struct netlink_reply){
		.sequence = DUMP_SEQUENCE,
		.is_dump = true,
		.handler = {wg_decode_message, decode},
		.diag = &bench->diag,
	};
}

static int reply_end(struct bench *bench, struct wg_decode *decode, struct netlink_reply *reply)
{
	int error = netlink_reply_result(reply);
	if (!error)
		error = wg_decode_end(decode, &bench->device);
	wg_decode_clear(decode);
	return error;
}

/* Reads datagrams until the answer is done or there are no more. */
static int dump_decode(struct bench *bench)
{
	struct wg_decode decode;
	struct netlink_reply reply = reply_begin(bench, &decode);
	device_clear(&bench->device);
	for (size_t i = 0; i < bench->dump.count && !reply.is_done; i++)
		netlink_reply_take(&reply, bench->dump.datagrams[i], bench->dump.lengths[i], false);
	return reply_end(bench, &decode, &reply);
}

/* All messages in one datagram. */
static int joined_decode(struct bench *bench)
{
	struct wg_decode decode;
	struct netlink_reply reply = reply_begin(bench, &decode);
	size_t length = 0;
	device_clear(&bench->device);
	for (size_t i = 0; i < bench->dump.count; i++)
		length += bench->dump.lengths[i];
	unsigned char *bytes = malloc(length);
	assert_non_null(bytes);
	size_t at = 0;
	for (size_t i = 0; i < bench->dump.count; at += bench->dump.lengths[i++])
		memcpy(bytes + at, bench->dump.datagrams[i], bench->dump.lengths[i]);
	netlink_reply_take(&reply, bytes, length, false);
	free(bytes);
	return reply_end(bench, &decode, &reply);
}

static void expect_device(struct bench *bench)
{
	struct peer_table *peers = &bench->world.actual;
	struct key_public own = key_of(0x11);
	const struct device *device = &bench->device;
	assert_true(key_public_equal(&device->public_key, &own));
	assert_int_equal(device->listen_port, DUMP_PORT);
	assert_int_equal(device->peers.count, peers->count);
	assert_true(device->peers.sealed);
	for (size_t i = 0; i < peers->count; i++) {
		const struct peer_config *peer = &peers->peers[i];
		const struct peer_config *actual =
			peer_table_find(&device->peers, &peer->public_key);
		assert_non_null(actual);
		assert_int_equal(peer_config_difference(peer, actual), 0);
		assert_true(endpoint_equal(&peer->endpoint, &actual->endpoint));
		assert_string_equal(peer->endpoint.zone, actual->endpoint.zone);
		assert_memory_equal(&peer->status, &actual->status, sizeof peer->status);
	}
}

static void a_device_is_read_wherever_its_messages_are_cut(void **state)
{
	struct bench *bench = *state;
	peers_prepare(bench);
	unsigned places = dump_put_device(&bench->dump, &bench->world.actual, 0);
	assert_int_equal(places, 8);
	for (unsigned cuts = 0; cuts < 1u << places; cuts++) {
		dump_clear(&bench->dump);
		dump_put_device(&bench->dump, &bench->world.actual, cuts);
		assert_int_equal(dump_decode(bench), 0);
		expect_device(bench);
		assert_int_equal(joined_decode(bench), 0);
		expect_device(bench);
	}
}

static void any_number_of_peers_may_be_expected(void **state)
{
	struct bench *bench = *state;
	peers_prepare(bench);
	dump_put_device(&bench->dump, &bench->world.actual, 0x55);
	for (bench->peer_count = 0; bench->peer_count < 6; bench->peer_count++) {
		assert_int_equal(dump_decode(bench), 0);
		expect_device(bench);
	}
}

static void the_settings_take_the_first_message_alone(void **state)
{
	struct bench *bench = *state;
	struct wg_decode decode;
	peers_prepare(bench);
	dump_put_device(&bench->dump, &bench->world.actual, 0x08);
	struct netlink_reply reply = reply_begin(bench, &decode);
	decode.skips_peers = true;
	reply.is_first_enough = true;
	assert_true(bench->dump.count > 1);
	netlink_reply_take(&reply, bench->dump.datagrams[0], bench->dump.lengths[0], false);
	assert_true(reply.is_done);
	assert_int_equal(reply_end(bench, &decode, &reply), 0);
	assert_int_equal(bench->device.listen_port, DUMP_PORT);
	assert_int_equal(bench->device.peers.count, 0);
}

static void a_device_without_key_and_peers_is_read(void **state)
{
	struct bench *bench = *state;
	struct nl_msg *message = nlmsg_alloc_size(128);
	genlmsg_put(message, 0, DUMP_SEQUENCE, 30, 0, NLM_F_MULTI, WG_CMD_GET_DEVICE, 1);
	nla_put_u16(message, WGDEVICE_A_LISTEN_PORT, 0);
	nla_put_u32(message, WGDEVICE_A_IFINDEX, DUMP_INDEX);
	dump_put_message(&bench->dump, message);
	dump_put_done(&bench->dump, 0);
	assert_int_equal(dump_decode(bench), 0);
	assert_true(key_public_is_zero(&bench->device.public_key));
	assert_int_equal(bench->device.peers.count, 0);
}

static void what_is_read_is_canonical(void **state)
{
	struct bench *bench = *state;
	struct prefix odd[] = {
		{.ip = ip_of("10.9.9.9"), .length = 8},
		{.ip = ip_of("10.1.2.3"), .length = 8}, /* the same when it is masked */
		{.ip = {.family = IP_V6, .bytes = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 77}},
			.length = 120},
		{.ip = ip_of("2001:db8::ffff"), .length = 32},
	};
	struct peer_config peer = {
		.public_key = key_of(1), .allowed_ips = odd, .allowed_ip_count = COUNT_OF(odd)};
	peer.endpoint = (struct endpoint){.kind = ENDPOINT_IP,
		.port = 5,
		.ip = {.family = IP_V6, .bytes = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 1}}};
	dump_open(&bench->dump, true);
	dump_put_peer(&bench->dump, &peer, true, 0, COUNT_OF(odd));
	dump_close(&bench->dump);
	dump_put_done(&bench->dump, 0);
	assert_int_equal(dump_decode(bench), 0);
	const struct peer_config *actual = &bench->device.peers.peers[0];
	assert_int_equal(actual->allowed_ip_count, 3);
	assert_string_equal(prefix_format(&actual->allowed_ips[0]).text, "10.0.0.0/8");
	assert_string_equal(prefix_format(&actual->allowed_ips[1]).text, "192.0.2.0/24");
	assert_string_equal(prefix_format(&actual->allowed_ips[2]).text, "2001:db8::/32");
	assert_string_equal(endpoint_format(&actual->endpoint).text, "192.0.2.1:5");
	assert_true(key_secret_is_zero(&actual->psk));
}

static void a_peer_in_two_places_is_a_torn_dump(void **state)
{
	struct bench *bench = *state;
	peers_prepare(bench);
	const struct peer_config *peers = bench->world.actual.peers;
	dump_open(&bench->dump, true);
	dump_put_peer(&bench->dump, &peers[0], true, 0, 1);
	dump_put_peer(&bench->dump, &peers[1], true, 0, 0);
	dump_put_peer(&bench->dump, &peers[0], false, 1, 2);
	dump_close(&bench->dump);
	dump_put_done(&bench->dump, 0);
	assert_int_equal(dump_decode(bench), -EAGAIN);
	assert_int_equal(bench->device.peers.count, 0);
}

static void a_dump_that_was_interrupted_anywhere_is_torn(void **state)
{
	struct bench *bench = *state;
	peers_prepare(bench);
	dump_put_device(&bench->dump, &bench->world.actual, 0xff);
	for (size_t i = 0; i < bench->dump.count; i++) {
		struct nlmsghdr *header = (struct nlmsghdr *)bench->dump.datagrams[i];
		header->nlmsg_flags |= NLM_F_DUMP_INTR;
		assert_int_equal(dump_decode(bench), -EAGAIN);
		assert_int_equal(joined_decode(bench), -EAGAIN);
		header->nlmsg_flags &= (uint16_t)~NLM_F_DUMP_INTR;
	}
	assert_int_equal(dump_decode(bench), 0);
}

static void a_dump_without_its_end_is_no_device(void **state)
{
	struct bench *bench = *state;
	peers_prepare(bench);
	dump_put_device(&bench->dump, &bench->world.actual, 0xff);
	for (size_t count = bench->dump.count; count-- > 0;) {
		size_t whole = bench->dump.count;
		bench->dump.count = count;
		assert_int_equal(dump_decode(bench), -EIO);
		bench->dump.count = whole;
	}
}

static void an_acknowledgement_does_not_end_a_dump(void **state)
{
	struct bench *bench = *state;
	peers_prepare(bench);
	dump_put_device(&bench->dump, &bench->world.actual, 0);
	free(bench->dump.datagrams[--bench->dump.count]);
	dump_put_error(&bench->dump, 0, NULL);
	assert_int_equal(dump_decode(bench), -EIO);
}

static void the_end_of_a_dump_has_an_errno_of_its_own(void **state)
{
	struct bench *bench = *state;
	peers_prepare(bench);
	dump_put_device(&bench->dump, &bench->world.actual, 0);
	free(bench->dump.datagrams[--bench->dump.count]);
	dump_put_done(&bench->dump, -ENOBUFS);
	assert_int_equal(dump_decode(bench), -ENOBUFS);
	assert_string_equal(diag_text(&bench->diag), "No buffer space available");
}

static void an_error_instead_of_a_dump_is_reported_with_the_kernels_text(void **state)
{
	struct bench *bench = *state;
	dump_put_error(&bench->dump, -ENODEV, "no such thing");
	assert_int_equal(dump_decode(bench), -ENODEV);
	assert_string_equal(diag_text(&bench->diag), "No such device: no such thing");
}

static void a_datagram_that_was_cut_is_no_device(void **state)
{
	struct bench *bench = *state;
	struct wg_decode decode;
	peers_prepare(bench);
	dump_put_device(&bench->dump, &bench->world.actual, 0xff);
	for (size_t cut = 0; cut < bench->dump.count; cut++) {
		struct netlink_reply reply = reply_begin(bench, &decode);
		for (size_t i = 0; i < bench->dump.count && !reply.is_done; i++)
			netlink_reply_take(
				&reply, bench->dump.datagrams[i], bench->dump.lengths[i], i == cut);
		assert_int_equal(reply_end(bench, &decode, &reply), -EIO);
	}
}

static void late_answers_to_others_are_skipped(void **state)
{
	struct bench *bench = *state;
	peers_prepare(bench);
	dump_put_error(&bench->dump, -EPERM, NULL);
	dump_put_done(&bench->dump, 0);
	for (size_t i = 0; i < bench->dump.count; i++)
		((struct nlmsghdr *)bench->dump.datagrams[i])->nlmsg_seq = DUMP_SEQUENCE - 1;
	dump_put_device(&bench->dump, &bench->world.actual, 0xff);
	assert_int_equal(dump_decode(bench), 0);
	expect_device(bench);
}

static void another_devices_answer_is_rejected(void **state)
{
	struct bench *bench = *state;
	struct wg_decode decode;
	dump_put_device(&bench->dump, &bench->world.actual, 0);
	struct netlink_reply reply = reply_begin(bench, &decode);
	decode.index = DUMP_INDEX + 1;
	for (size_t i = 0; i < bench->dump.count; i++)
		netlink_reply_take(&reply, bench->dump.datagrams[i], bench->dump.lengths[i], false);
	assert_int_equal(reply_end(bench, &decode, &reply), -EIO);
}

/* Pass on a copy of exactly that length, so that a sanitizer sees a read beyond it. */
static int short_decode(struct bench *bench, size_t datagram, size_t length, size_t *lie)
{
	struct wg_decode decode;
	struct netlink_reply reply = reply_begin(bench, &decode);
	unsigned char *copy = malloc(length + 1);
	assert_non_null(copy);
	for (size_t i = 0; i < bench->dump.count && !reply.is_done; i++) {
		size_t take = i == datagram ? length : bench->dump.lengths[i];
		unsigned char *bytes = i == datagram ? copy : bench->dump.datagrams[i];
		if (i == datagram) {
			memcpy(copy, bench->dump.datagrams[i], length);
			if (lie && length >= sizeof(struct nlmsghdr))
				((struct nlmsghdr *)copy)->nlmsg_len = (uint32_t)*lie;
		}
		netlink_reply_take(&reply, bytes, take, false);
	}
	free(copy);
	device_clear(&bench->device);
	return reply_end(bench, &decode, &reply);
}

/* A message of that length is a whole one, only with fewer attributes. */
static bool ends_between_attributes(const unsigned char *bytes, size_t length)
{
	size_t at = NLMSG_HDRLEN + GENL_HDRLEN;
	while (at < length)
		at += NLA_ALIGN(((const struct nlattr *)(bytes + at))->nla_len);
	return at == length;
}

static void a_message_cut_at_any_byte_is_no_device(void **state)
{
	struct bench *bench = *state;
	peers_prepare(bench);
	dump_put_device(&bench->dump, &bench->world.actual, 0x08);
	for (size_t i = 0; i + 1 < bench->dump.count; i++) {
		size_t whole = bench->dump.lengths[i];
		for (size_t length = 1; length < whole; length++) {
			/* As received, and with a header of the right length. */
			assert_int_equal(short_decode(bench, i, length, NULL), -EIO);
			if (length >= NLMSG_HDRLEN && length % NLMSG_ALIGNTO == 0 &&
				!ends_between_attributes(bench->dump.datagrams[i], length))
				assert_int_equal(short_decode(bench, i, length, &length), -EIO);
		}
	}
}

/* Whatever single byte is wrong, no read or write is out of bounds. */
static void a_wrong_byte_anywhere_does_no_harm(void **state)
{
	static const unsigned char wrongs[] = {0x00, 0x01, 0x03, 0x04, 0x7f, 0x80, 0xff};
	struct bench *bench = *state;
	peers_prepare(bench);
	dump_put_device(&bench->dump, &bench->world.actual, 0x08);
	size_t refused = 0;
	for (size_t i = 0; i < bench->dump.count; i++) {
		for (size_t at = 0; at < bench->dump.lengths[i]; at++) {
			unsigned char right = bench->dump.datagrams[i][at];
			for (size_t k = 0; k < COUNT_OF(wrongs); k++) {
				bench->dump.datagrams[i][at] = wrongs[k];
				refused +=
					short_decode(bench, i, bench->dump.lengths[i], NULL) != 0;
			}
			bench->dump.datagrams[i][at] = right;
		}
	}
	assert_true(refused > 0);
}

static void peer_put_alone(struct bench *bench, const struct peer_config *peer)
{
	dump_clear(&bench->dump);
	dump_open(&bench->dump, true);
	dump_put_peer(&bench->dump, peer, true, 0, peer->allowed_ip_count);
	dump_close(&bench->dump);
	dump_put_done(&bench->dump, 0);
}

/* A peer with one attribute of that first byte and length in it. */
static int peer_attribute_decode(struct bench *bench, int type, unsigned char first, size_t length)
{
	unsigned char payload[64] = {first};
	struct key_public key = key_of(1);
	dump_clear(&bench->dump);
	dump_open(&bench->dump, true);
	struct nlattr *nest = nla_nest_start(bench->dump.message, 0);
	if (type != WGPEER_A_PUBLIC_KEY)
		nla_put(bench->dump.message, WGPEER_A_PUBLIC_KEY, KEY_BYTES, key.bytes);
	nla_put(bench->dump.message, type, (int)length, payload);
	nla_nest_end(bench->dump.message, nest);
	dump_close(&bench->dump);
	dump_put_done(&bench->dump, 0);
	return dump_decode(bench);
}

/* The key identifies the peer: without it there is none. */
static void a_value_of_the_wrong_length_counts_as_none(void **state)
{
	static const struct {
		int type;
		size_t length;
	} cases[] = {{WGPEER_A_PRESHARED_KEY, 32}, {WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL, 2},
		{WGPEER_A_LAST_HANDSHAKE_TIME, 16}, {WGPEER_A_RX_BYTES, 8}, {WGPEER_A_TX_BYTES, 8}};
	struct bench *bench = *state;
	for (size_t length = 0; length < 40; length++) {
		assert_int_equal(peer_attribute_decode(bench, WGPEER_A_PUBLIC_KEY, 1, length),
			length == 32 ? 0 : -EIO);
		for (size_t i = 0; i < COUNT_OF(cases); i++) {
			assert_int_equal(peer_attribute_decode(bench, cases[i].type, 1, length), 0);
			const struct peer_config *peer = &bench->device.peers.peers[0];
			bool is_none = key_secret_is_zero(&peer->psk) &&
				       peer->persistent_keepalive_s == 0 &&
				       peer->status.last_handshake_s == 0 &&
				       peer->status.rx_bytes == 0 && peer->status.tx_bytes == 0;
			assert_int_equal(is_none, length != cases[i].length);
		}
		assert_int_equal(
			peer_attribute_decode(bench, WGPEER_A_ENDPOINT, AF_INET6, length), 0);
		assert_int_equal(bench->device.peers.peers[0].endpoint.kind,
			length < sizeof(struct sockaddr_in6) ? ENDPOINT_NONE : ENDPOINT_UNUSABLE);
	}
	/* Of an unknown family. */
	assert_int_equal(peer_attribute_decode(bench, WGPEER_A_ENDPOINT, 1, 40), 0);
	assert_int_equal(bench->device.peers.peers[0].endpoint.kind, ENDPOINT_NONE);
}

static void a_handshake_before_1970_is_none(void **state)
{
	static const int64_t times[] = {INT64_MIN, -1, 0, 1, INT64_MAX};
	struct bench *bench = *state;
	for (size_t i = 0; i < COUNT_OF(times); i++) {
		struct peer_config peer = {.public_key = key_of(1)};
		peer.status.last_handshake_s = times[i];
		peer_put_alone(bench, &peer);
		assert_int_equal(dump_decode(bench), 0);
		assert_int_equal(bench->device.peers.peers[0].status.last_handshake_s,
			times[i] > 0 ? times[i] : 0);
	}
}

static void an_unusable_endpoint_is_read_as_it_is(void **state)
{
	static const struct {
		const char *address;
		uint16_t port;
		const char *text;
	} rows[] = {{"192.0.2.2", 0, "192.0.2.2:0"}, {"0.0.0.0", 0, "0.0.0.0:0"},
		{"0.0.0.0", 7, "0.0.0.0:7"}, {"224.0.0.1", 7, "224.0.0.1:7"},
		{"2001:db8::1", 0, "[2001:db8::1]:0"}, {"ff02::1", 7, "[ff02::1]:7"}};
	struct bench *bench = *state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct peer_config peer = {.public_key = key_of(1),
			.endpoint = {.kind = ENDPOINT_IP, .port = rows[i].port}};
		peer.endpoint.ip = ip_of(rows[i].address);
		peer_put_alone(bench, &peer);
		assert_int_equal(dump_decode(bench), 0);
		const struct endpoint *endpoint = &bench->device.peers.peers[0].endpoint;
		assert_int_equal(endpoint->kind, ENDPOINT_UNUSABLE);
		assert_string_equal(endpoint_format(endpoint).text, rows[i].text);
	}
}

static void an_allowed_ip_that_does_not_fit_its_family_is_none(void **state)
{
	struct bench *bench = *state;
	struct prefix prefix = prefix_of("10.0.0.0/8");
	struct peer_config peer = {
		.public_key = key_of(1), .allowed_ips = &prefix, .allowed_ip_count = 1};
	for (unsigned length = 0; length < 256; length++) {
		prefix.length = (uint8_t)length;
		peer_put_alone(bench, &peer);
		assert_int_equal(dump_decode(bench), 0);
		assert_int_equal(
			bench->device.peers.peers[0].allowed_ip_count, length <= 32 ? 1 : 0);
	}
}

static void an_acknowledgement_is_success(void **state)
{
	struct bench *bench = *state;
	struct netlink_reply reply = {.sequence = DUMP_SEQUENCE, .diag = &bench->diag};
	dump_put_error(&bench->dump, 0, NULL);
	netlink_reply_take(&reply, bench->dump.datagrams[0], bench->dump.lengths[0], false);
	assert_true(reply.is_done);
	assert_false(reply.is_refused);
	assert_int_equal(netlink_reply_result(&reply), 0);
}

static void a_refusal_keeps_errno_and_text(void **state)
{
	struct bench *bench = *state;
	struct netlink_reply reply = {.sequence = DUMP_SEQUENCE, .diag = &bench->diag};
	dump_put_error(&bench->dump, -EINVAL, "attribute out of place");
	netlink_reply_take(&reply, bench->dump.datagrams[0], bench->dump.lengths[0], false);
	assert_true(reply.is_refused);
	assert_int_equal(netlink_reply_result(&reply), -EINVAL);
	assert_string_equal(diag_text(&bench->diag), "Invalid argument: attribute out of place");
}

/*
 * An error with a text, cut at every length: nothing is read beyond it, and none counts as success.
 */
static void an_error_cut_short_is_an_error(void **state)
{
	struct bench *bench = *state;
	dump_put_error(&bench->dump, -EINVAL, "attribute out of place");
	for (size_t length = 1; length < bench->dump.lengths[0]; length++) {
		struct netlink_reply reply = {.sequence = DUMP_SEQUENCE, .diag = &bench->diag};
		unsigned char *copy = malloc(length);
		assert_non_null(copy);
		memcpy(copy, bench->dump.datagrams[0], length);
		if (length >= NLMSG_HDRLEN)
			((struct nlmsghdr *)copy)->nlmsg_len = (uint32_t)length;
		netlink_reply_take(&reply, copy, length, false);
		assert_true(netlink_reply_result(&reply) < 0);
		free(copy);
	}
}

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(a_device_is_read_wherever_its_messages_are_cut),
		BENCH_TEST(any_number_of_peers_may_be_expected),
		BENCH_TEST(the_settings_take_the_first_message_alone),
		BENCH_TEST(a_device_without_key_and_peers_is_read),
		BENCH_TEST(what_is_read_is_canonical),
		BENCH_TEST(a_peer_in_two_places_is_a_torn_dump),
		BENCH_TEST(a_dump_that_was_interrupted_anywhere_is_torn),
		BENCH_TEST(a_dump_without_its_end_is_no_device),
		BENCH_TEST(an_acknowledgement_does_not_end_a_dump),
		BENCH_TEST(the_end_of_a_dump_has_an_errno_of_its_own),
		BENCH_TEST(an_error_instead_of_a_dump_is_reported_with_the_kernels_text),
		BENCH_TEST(a_datagram_that_was_cut_is_no_device),
		BENCH_TEST(late_answers_to_others_are_skipped),
		BENCH_TEST(another_devices_answer_is_rejected),
		BENCH_TEST(a_message_cut_at_any_byte_is_no_device),
		BENCH_TEST(a_wrong_byte_anywhere_does_no_harm),
		BENCH_TEST(a_value_of_the_wrong_length_counts_as_none),
		BENCH_TEST(a_handshake_before_1970_is_none),
		BENCH_TEST(an_unusable_endpoint_is_read_as_it_is),
		BENCH_TEST(an_allowed_ip_that_does_not_fit_its_family_is_none),
		BENCH_TEST(an_acknowledgement_is_success),
		BENCH_TEST(a_refusal_keeps_errno_and_text),
		BENCH_TEST(an_error_cut_short_is_an_error),
	};
	return cmocka_run_group_tests_name("wg_decode", tests, NULL, NULL);
}
