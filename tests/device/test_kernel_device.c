/* SPDX-License-Identifier: Apache-2.0 */
/* What only a real kernel can show of the kernel controller. */
#include "curve.h"
#include "device_fixture.h"
#include "diag.h"
#include "diff.h"
#include "executor.h"
#include "kernel_controller.h"
#include "link_hooks.h"
#include "netns.h"

#include <errno.h>
#include <net/if.h>
#include <setjmp.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define INTERFACE      "plexwg-test0"
#define MANY_PEERS     2000
#define MANY_PREFIXES  3000
#define READS          60
#define READS_AT_LEAST 1

struct bench {
	struct kernel_controller kernel;
	struct device_fixture fixture;
	struct peer_table desired;
	struct peer_diff diff;
	struct peer_op_result *results;
};

static int bench_setup(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);
	*state = bench;
	assert_int_equal(kernel_controller_init(&bench->kernel, NULL), 0);
	fixture_begin(&bench->fixture, kernel_controller(&bench->kernel), INTERFACE);
	fixture_create(&bench->fixture);
	return 0;
}

static int bench_teardown(void **state)
{
	struct bench *bench = *state;
	struct controller controller = bench->fixture.controller;
	bool existed;
	int error = controller.ops->delete_interface(controller.impl, INTERFACE, &existed, NULL);
	fixture_end(&bench->fixture);
	peer_op_results_free(bench->results, peer_diff_op_count(&bench->diff));
	peer_diff_clear(&bench->diff);
	peer_table_clear(&bench->desired);
	kernel_controller_deinit(&bench->kernel);
	free(bench);
	return error;
}

/* Of both families; no two peers share an address. `index` is below 4096. */
static struct prefix prefix_make(unsigned number, unsigned index)
{
	char text[64];
	unsigned v4 = (20u << 24) + number * 4096 + index;
	if (index % 2)
		snprintf(text, sizeof text, "fd00:%x:%x::/48", number, index);
	else
		snprintf(text, sizeof text, "%u.%u.%u.%u", v4 >> 24, v4 >> 16 & 0xff,
			v4 >> 8 & 0xff, v4 & 0xff);
	return test_prefix(text);
}

/* Cheap to make: its public key has no private key, which the kernel accepts. */
static struct peer_config *peer_make(struct bench *bench, unsigned number, unsigned prefix_count)
{
	struct arena *arena = &bench->fixture.arena;
	struct peer_config *peer = arena_alloc(arena, sizeof *peer);
	struct prefix *prefixes = arena_alloc(arena, prefix_count * sizeof *prefixes);
	assert_non_null(peer);
	assert_non_null(prefixes);
	crypto_generichash(peer->public_key.bytes, KEY_BYTES, (const unsigned char *)&number,
		sizeof number, NULL, 0);
	memset(peer->psk.bytes, (int)number & 0xff, KEY_BYTES);
	peer->persistent_keepalive_s = (uint16_t)(number % 60);
	peer->endpoint = (struct endpoint){
		.kind = ENDPOINT_IP, .ip = test_prefix("192.0.2.9").ip, .port = 9};
	for (unsigned i = 0; i < prefix_count; i++)
		prefixes[i] = prefix_make(number, i);
	peer->allowed_ips = prefixes;
	peer->allowed_ip_count = (uint32_t)prefixes_normalize(prefixes, prefix_count);
	assert_int_equal(peer->allowed_ip_count, prefix_count);
	return peer;
}

static void want(struct bench *bench, const struct peer_config *peer)
{
	assert_int_equal(peer_table_append(&bench->desired, peer), 0);
}

/* One pass: read, diff, apply. Returns how many operations there were. */
static size_t pass(struct bench *bench)
{
	struct endpoint_history memory = {0};
	peer_op_results_free(bench->results, peer_diff_op_count(&bench->diff));
	peer_diff_clear(&bench->diff);
	assert_int_equal(peer_table_seal(&bench->desired, NULL), 0);
	const struct device *device = fixture_read(&bench->fixture);
	assert_int_equal(diff_compute(&bench->desired, &device->peers, &memory, (struct moment){0},
				 &bench->diff),
		0);
	size_t count = peer_diff_op_count(&bench->diff);
	bench->results =
		executor_run(&bench->fixture.controller, INTERFACE, bench->diff.ops, count, NULL);
	assert_non_null(bench->results);
	return count;
}

static void pass_without_failures(struct bench *bench)
{
	size_t count = pass(bench);
	for (size_t i = 0; i < count; i++)
		if (bench->results[i].error)
			fail_msg("operation %zu: %s", i, bench->results[i].error_text);
}

static void thousands_of_peers_go_in_and_a_second_pass_sends_nothing(void **state)
{
	struct bench *bench = *state;
	for (unsigned i = 0; i < MANY_PEERS; i++)
		want(bench, peer_make(bench, i, i == 7 ? MANY_PREFIXES : 1 + i % 2));
	pass_without_failures(bench);
	size_t sets = bench->kernel.wg.set_count;
	assert_true(sets < MANY_PEERS / 100);
	const struct device *device = fixture_read(&bench->fixture);
	assert_int_equal(device->peers.count, MANY_PEERS);
	for (size_t i = 0; i < MANY_PEERS; i++) {
		const struct peer_config *peer = &bench->desired.peers[i];
		const struct peer_config *actual =
			peer_table_find(&device->peers, &peer->public_key);
		assert_non_null(actual);
		assert_int_equal(peer_config_difference(peer, actual), 0);
		assert_true(endpoint_equal(&peer->endpoint, &actual->endpoint));
	}
	assert_int_equal(pass(bench), 0);
	assert_int_equal(bench->kernel.wg.set_count, sets);
	/* And out again. */
	peer_table_clear(&bench->desired);
	pass_without_failures(bench);
	assert_int_equal(bench->kernel.wg.set_count, sets + 1);
	fixture_expect_peer_count(&bench->fixture, 0);
}

/* No reader makes such a prefix. The kernel refuses it after it made the peer. */
static void a_refused_peer_is_named_and_all_others_are_set(void **state)
{
	struct bench *bench = *state;
	const unsigned guilty = 321;
	for (unsigned i = 0; i < 600; i++) {
		struct peer_config *peer = peer_make(bench, i, 1);
		if (i == guilty)
			((struct prefix *)peer->allowed_ips)->length = 33;
		want(bench, peer);
	}
	struct key_public guilty_key = peer_make(bench, guilty, 1)->public_key;
	size_t count = pass(bench);
	assert_int_equal(count, 600);
	const struct device *device = fixture_read(&bench->fixture);
	for (size_t i = 0; i < count; i++) {
		const struct key_public *key = peer_op_key(&bench->diff.ops[i]);
		bool is_guilty = key_public_equal(key, &guilty_key);
		const struct peer_config *actual = peer_table_find(&device->peers, key);
		assert_int_equal(bench->results[i].error, is_guilty ? -EINVAL : 0);
		assert_true(is_guilty ||
			    (actual && peer_allowed_ips_equal(actual, bench->diff.ops[i].desired)));
	}
}

static void a_rotated_key_costs_one_request(void **state)
{
	struct bench *bench = *state;
	struct peer_config *old = peer_make(bench, 1, 4);
	struct peer_config *other = peer_make(bench, 2, 1);
	struct peer_config *rotated = peer_make(bench, 3, 1);
	want(bench, old);
	want(bench, other);
	pass_without_failures(bench);
	size_t sets = bench->kernel.wg.set_count;
	peer_table_clear(&bench->desired);
	rotated->allowed_ips = old->allowed_ips;
	rotated->allowed_ip_count = old->allowed_ip_count;
	want(bench, other);
	want(bench, rotated);
	pass_without_failures(bench);
	assert_int_equal(bench->kernel.wg.set_count, sets + 1);
	assert_int_equal(pass(bench), 0);
	fixture_expect_peer(&bench->fixture, rotated);
	fixture_expect_no_peer(&bench->fixture, old);
}

/* Whatever the kernel answered must be true: the prefix is gone, and the others are there. */
static void support_for_removing_single_prefixes_is_detected(void **state)
{
	struct bench *bench = *state;
	struct peer_config *peer = peer_make(bench, 1, 5);
	enum wg_prefix_removal said;
	assert_int_equal(wg_socket_ask_prefix_removal(&bench->kernel.wg, &said, NULL), 0);
	want(bench, peer);
	pass_without_failures(bench);
	assert_int_equal(bench->kernel.apply.prefix_removal, WG_PREFIX_REMOVAL_UNKNOWN);
	peer_table_clear(&bench->desired);
	peer->allowed_ip_count = 3;
	want(bench, peer);
	pass_without_failures(bench);
	enum wg_prefix_removal learned = bench->kernel.apply.prefix_removal;
	print_message("# said: %d, learned: %d\n", said, learned);
	assert_true(learned == WG_PREFIX_REMOVAL_NO || learned == WG_PREFIX_REMOVAL_YES);
	fixture_expect_peer(&bench->fixture, peer);
	fixture_expect_peer_count(&bench->fixture, 1);
}

/* Give prefixes to peers and take them away until killed. */
static void change_without_end(void)
{
	struct kernel_controller kernel;
	struct bench bench = {0};
	if (kernel_controller_init(&kernel, NULL) != 0)
		_exit(1);
	struct controller controller = kernel_controller(&kernel);
	struct peer_config *peer = peer_make(&bench, 5, 8);
	struct peer_config fewer = *peer;
	fewer.allowed_ip_count = 4;
	for (;;) {
		struct peer_op ops[] = {
			{PEER_OP_UPDATE, PEER_FIELD_ALLOWED_IPS, &fewer, peer},
			{PEER_OP_UPDATE, PEER_FIELD_ALLOWED_IPS, peer, &fewer},
		};
		for (size_t i = 0; i < 2; i++) {
			struct peer_op_result result;
			controller.ops->apply(
				controller.impl, INTERFACE, &ops[i], 1, &result, NULL);
			if (result.error)
				_exit(1);
		}
		usleep(50000);
	}
}

/* No read returns a part of the device or the temporary peer. */
static void a_device_that_changes_is_read_whole_or_not_at_all(void **state)
{
	struct bench *bench = *state;
	struct controller controller = bench->fixture.controller;
	unsigned whole = 0;
	for (unsigned i = 0; i < 600; i++)
		want(bench, peer_make(bench, i, 8));
	pass_without_failures(bench);
	pid_t changer = fork();
	if (changer == 0)
		change_without_end();
	for (unsigned i = 0; i < READS; i++) {
		struct device device = {0};
		int error = controller.ops->read_device(controller.impl, INTERFACE, &device, NULL);
		assert_true(error == 0 || error == -EINTR);
		if (!error) {
			whole++;
			assert_int_equal(device.peers.count, 600);
			for (size_t k = 0; k < device.peers.count; k++) {
				uint32_t count = device.peers.peers[k].allowed_ip_count;
				assert_true(count == 8 || count == 4);
			}
		}
		device_clear(&device);
	}
	assert_int_equal(kill(changer, 0), 0);
	kill(changer, SIGKILL);
	waitpid(changer, NULL, 0);
	print_message("# %u of %u reads went through\n", whole, READS);
	assert_true(whole >= READS_AT_LEAST);
}

static void a_zone_is_read_back_by_its_name(void **state)
{
	struct bench *bench = *state;
	struct peer_config *peer = fixture_peer(&bench->fixture,
		(struct test_peer){.number = 2, .endpoint = "[fe80::1%lo]:7", .allowed_ips = ""});
	fixture_add(&bench->fixture, peer);
	const struct device *device = fixture_read(&bench->fixture);
	assert_string_equal(device->peers.peers[0].endpoint.zone, "lo");
}

static void a_port_that_is_taken_is_reported_when_the_interface_comes_up(void **state)
{
	struct bench *bench = *state;
	struct controller controller = bench->fixture.controller;
	struct diag diag = {0};
	assert_int_equal(controller.ops->set_interface_up(controller.impl, INTERFACE, NULL), 0);
	assert_int_equal(controller.ops->create_interface(controller.impl, "other0",
				 &bench->fixture.private_key, PORT_A, NULL),
		0);
	assert_int_equal(
		controller.ops->set_interface_up(controller.impl, "other0", &diag), -EADDRINUSE);
	char text[64];
	snprintf(text, sizeof text, "UDP port %d of other0: Address already in use", PORT_A);
	assert_string_equal(diag_text(&diag), text);
	diag_clear(&diag);
	assert_int_equal(
		controller.ops->delete_interface(controller.impl, "other0", &(bool){false}, NULL),
		0);
}

static void adopting_a_correct_device_sends_nothing(void **state)
{
	struct bench *bench = *state;
	size_t sets = bench->kernel.wg.set_count;
	assert_int_equal(sets, 1);
	fixture_create(&bench->fixture);
	assert_int_equal(bench->kernel.wg.set_count, sets);
}

/* A link that is made again under the same name is another link. */
static void a_link_that_was_made_again_is_read_as_the_new_one(void **state)
{
	struct bench *bench = *state;
	fixture_add(&bench->fixture, peer_make(bench, 1, 1));
	fixture_expect_peer_count(&bench->fixture, 1);
	assert_true(ip_command("link delete %s", INTERFACE));
	assert_true(ip_command("link add %s type wireguard", INTERFACE));
	fixture_expect_peer_count(&bench->fixture, 0);
	fixture_create(&bench->fixture);
}

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

static int run_checks(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(thousands_of_peers_go_in_and_a_second_pass_sends_nothing),
		BENCH_TEST(a_refused_peer_is_named_and_all_others_are_set),
		BENCH_TEST(a_rotated_key_costs_one_request),
		BENCH_TEST(support_for_removing_single_prefixes_is_detected),
		BENCH_TEST(a_device_that_changes_is_read_whole_or_not_at_all),
		BENCH_TEST(a_zone_is_read_back_by_its_name),
		BENCH_TEST(a_port_that_is_taken_is_reported_when_the_interface_comes_up),
		BENCH_TEST(adopting_a_correct_device_sends_nothing),
		BENCH_TEST(a_link_that_was_made_again_is_read_as_the_new_one),
	};
	return cmocka_run_group_tests_name("kernel_device", tests, NULL, NULL);
}

int main(void)
{
	if (sodium_init() < 0)
		return 1;
	return netns_run(false, run_checks);
}
