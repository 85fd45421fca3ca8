/* SPDX-License-Identifier: Apache-2.0 */
/* Whole lists of operations, through the executor: with `apply` where the controller has it. */
#include "contract_checks.h"
#include "executor.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void run_all(struct device_fixture *fixture, const struct peer_op *ops, size_t count)
{
	struct peer_op_result *results =
		executor_run(&fixture->controller, fixture->interface, ops, count, NULL);
	assert_non_null(results);
	for (size_t i = 0; i < count; i++)
		if (results[i].error)
			fail_msg("operation %zu: %s", i, results[i].error_text);
	peer_op_results_free(results, count);
}

static void a_mixed_list_is_carried_out(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct peer_config *removed = fixture_peer(
		fixture, (struct test_peer){.number = 2, .allowed_ips = "10.2.0.0/24,10.9.0.0/24"});
	struct peer_config *old = fixture_peer(fixture, (struct test_peer){.number = 3,
								.allowed_ips = "10.3.0.0/24",
								.psk = 5,
								.endpoint = "192.0.2.3:3"});
	struct peer_config *changed =
		fixture_peer(fixture, (struct test_peer){.number = 3,
					      .allowed_ips = "10.3.0.0/24,10.9.0.0/24",
					      .endpoint = "192.0.2.3:3"});
	struct peer_config *kept = fixture_peer(
		fixture, (struct test_peer){.number = 4, .allowed_ips = "10.4.0.0/24"});
	struct peer_config *added = fixture_peer(fixture,
		(struct test_peer){
			.number = 5, .allowed_ips = "10.2.0.0/24", .psk = 6, .keepalive_s = 15});
	fixture_create(fixture);
	fixture_add(fixture, removed);
	fixture_add(fixture, old);
	fixture_add(fixture, kept);
	struct peer_op ops[] = {
		{.kind = PEER_OP_REMOVE, .actual = removed},
		{.kind = PEER_OP_UPDATE,
			.fields = PEER_FIELD_ALLOWED_IPS | PEER_FIELD_PSK,
			.desired = changed,
			.actual = old},
		{.kind = PEER_OP_ADD, .desired = added},
	};
	run_all(fixture, ops, sizeof ops / sizeof ops[0]);
	fixture_expect_no_peer(fixture, removed);
	fixture_expect_peer(fixture, changed);
	fixture_expect_peer(fixture, kept);
	fixture_expect_peer(fixture, added);
	fixture_expect_peer_count(fixture, 3);
}

static void prefixes_rotate_through_a_list_of_updates(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	enum { PEERS = 5 };
	struct peer_config *old[PEERS], *wanted[PEERS];
	struct peer_op ops[PEERS];
	fixture_create(fixture);
	for (unsigned i = 0; i < PEERS; i++) {
		char before[32], after[32];
		snprintf(before, sizeof before, "10.%u.0.0/16", i);
		snprintf(after, sizeof after, "10.%u.0.0/16", (i + 1) % PEERS);
		old[i] = fixture_peer(
			fixture, (struct test_peer){.number = i + 2, .allowed_ips = before});
		wanted[i] = fixture_peer(
			fixture, (struct test_peer){.number = i + 2, .allowed_ips = after});
		ops[i] =
			(struct peer_op){PEER_OP_UPDATE, PEER_FIELD_ALLOWED_IPS, wanted[i], old[i]};
		fixture_add(fixture, old[i]);
	}
	run_all(fixture, ops, PEERS);
	for (unsigned i = 0; i < PEERS; i++)
		fixture_expect_peer(fixture, wanted[i]);
}

static void an_empty_list_does_nothing(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	fixture_create(fixture);
	run_all(fixture, NULL, 0);
	fixture_expect_peer_count(fixture, 0);
}

static void a_list_for_a_missing_interface_fails_whole(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct peer_config *peer = fixture_peer(fixture, (struct test_peer){.number = 2});
	struct peer_op ops[] = {
		{.kind = PEER_OP_REMOVE, .actual = peer},
		{.kind = PEER_OP_ADD, .desired = peer},
	};
	struct peer_op_result *results =
		executor_run(&fixture->controller, fixture->interface, ops, 2, NULL);
	assert_non_null(results);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(results[i].error, -ENODEV);
		assert_non_null(results[i].error_text);
	}
	peer_op_results_free(results, 2);
}

static struct peer_config *numbered_peer(struct device_fixture *fixture, unsigned i)
{
	char allowed_ip[32], endpoint[32];
	snprintf(allowed_ip, sizeof allowed_ip, "10.%u.%u.0/24", i / 256, i % 256);
	snprintf(endpoint, sizeof endpoint, "192.0.2.%u:%u", i % 250 + 1, i + 1);
	return fixture_peer(fixture, (struct test_peer){.number = i + 2,
					     .psk = i + 3,
					     .allowed_ips = allowed_ip,
					     .endpoint = endpoint,
					     .keepalive_s = 25});
}

static void many_peers_come_and_go(struct device_fixture *fixture, const struct contract_bed *bed)
{
	size_t count = bed->many_peers;
	struct peer_op *ops = calloc(count, sizeof *ops);
	assert_non_null(ops);
	fixture_create(fixture);
	for (unsigned i = 0; i < count; i++)
		ops[i] =
			(struct peer_op){.kind = PEER_OP_ADD, .desired = numbered_peer(fixture, i)};
	run_all(fixture, ops, count);
	const struct device *device = fixture_read(fixture);
	assert_int_equal(device->peers.count, count);
	for (size_t i = 0; i < count; i++) {
		const struct peer_config *actual =
			peer_table_find(&device->peers, &ops[i].desired->public_key);
		assert_non_null(actual);
		assert_int_equal(peer_config_difference(ops[i].desired, actual), 0);
		assert_true(endpoint_equal(&ops[i].desired->endpoint, &actual->endpoint));
		ops[i] = (struct peer_op){.kind = PEER_OP_REMOVE, .actual = ops[i].desired};
	}
	run_all(fixture, ops, count);
	fixture_expect_peer_count(fixture, 0);
	free(ops);
}

static bool is_over(void *impl)
{
	unsigned *left = impl;
	return *left == 0 || (*left)-- == 0;
}

/* Add the missing peers, up to the end of the pause. Returns how many were left. */
static size_t run_until(
	struct device_fixture *fixture, const struct peer_op *ops, size_t count, unsigned pauses)
{
	struct pause pause = {is_over, &pauses};
	struct peer_op_result *results =
		executor_run(&fixture->controller, fixture->interface, ops, count, &pause);
	assert_non_null(results);
	const struct device *device = fixture_read(fixture);
	size_t left = 0;
	for (size_t i = 0; i < count; i++) {
		bool is_there = peer_table_find(&device->peers, &ops[i].desired->public_key);
		assert_true(results[i].error == 0 || results[i].error == -ECANCELED);
		assert_int_equal(is_there, results[i].error == 0);
		left += results[i].error != 0;
	}
	peer_op_results_free(results, count);
	return left;
}

static void what_is_left_at_the_end_of_a_pause_is_cancelled_and_the_rest_is_done(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	size_t count = bed->many_peers;
	struct peer_op *ops = calloc(count, sizeof *ops);
	assert_non_null(ops);
	fixture_create(fixture);
	for (unsigned i = 0; i < count; i++)
		ops[i] =
			(struct peer_op){.kind = PEER_OP_ADD, .desired = numbered_peer(fixture, i)};
	assert_int_equal(run_until(fixture, ops, count, 0), count);
	size_t left = run_until(fixture, ops, count, 1);
	assert_true(left < count);
	assert_int_equal(run_until(fixture, ops + count - left, left, UINT_MAX), 0);
	free(ops);
}

static const struct contract_check checks[] = {
	CONTRACT_CHECK(a_mixed_list_is_carried_out),
	CONTRACT_CHECK(prefixes_rotate_through_a_list_of_updates),
	CONTRACT_CHECK(an_empty_list_does_nothing),
	CONTRACT_CHECK(a_list_for_a_missing_interface_fails_whole),
	CONTRACT_CHECK(many_peers_come_and_go),
	CONTRACT_CHECK(what_is_left_at_the_end_of_a_pause_is_cancelled_and_the_rest_is_done),
};

struct contract_list contract_bulk_checks(void)
{
	return CONTRACT_LIST(checks);
}
