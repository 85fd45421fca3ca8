/* SPDX-License-Identifier: Apache-2.0 */
/* Operation lists on a controller. */
#include "harness.h"

#include "executor.h"
#include "fake_controller.h"

#include <errno.h>

static const struct prefix ip_one = {.ip = {.family = IP_V4, .bytes = {10, 0, 0, 1}}, .length = 32};

static struct fake_controller device_with_peers_1_to_3(void)
{
	struct fake_controller fake = {.exists = true};
	for (unsigned char key = 1; key <= 3; key++) {
		struct peer_config peer = {.public_key = key_of(key)};
		fake_set_peer(&fake, &peer);
	}
	return fake;
}

/* Removes 1, updates 2 and adds 4. */
struct three_ops {
	struct peer_config first, second, fourth;
	struct peer_op ops[3];
};

static void three_ops(struct three_ops *three)
{
	three->first = (struct peer_config){.public_key = key_of(1)};
	three->second = (struct peer_config){
		.public_key = key_of(2), .psk = secret_of(0x22), .persistent_keepalive_s = 25};
	three->fourth = (struct peer_config){
		.public_key = key_of(4), .allowed_ips = &ip_one, .allowed_ip_count = 1};
	three->ops[0] = (struct peer_op){.kind = PEER_OP_REMOVE, .actual = &three->first};
	three->ops[1] = (struct peer_op){.kind = PEER_OP_UPDATE,
		.fields = PEER_FIELD_PERSISTENT_KEEPALIVE,
		.desired = &three->second,
		.actual = &three->second};
	three->ops[2] = (struct peer_op){
		.kind = PEER_OP_ADD, .fields = PEER_FIELDS_ALL, .desired = &three->fourth};
}

static void operations_are_carried_out_in_order(void **state)
{
	for (int takes_lists = 0; takes_lists < 2; takes_lists++) {
		struct fake_controller fake = device_with_peers_1_to_3();
		struct controller controller = fake_controller(&fake, takes_lists);
		struct three_ops three;
		three_ops(&three);
		struct peer_op_result *results =
			executor_run(&controller, "wg7", three.ops, 3, NULL);
		assert_non_null(results);
		for (size_t i = 0; i < 3; i++) {
			assert_int_equal(results[i].error, 0);
			assert_null(results[i].error_text);
		}
		peer_op_results_free(results, 3);
		/* Only the field of the mask was changed: the psk was not set. */
		assert_string_equal(
			fake_peers_text(&fake).text, "02 keepalive=25; 03; 04 ips=10.0.0.1/32");
		assert_string_equal(fake.calls + (takes_lists ? strlen("apply; ") : 0),
			"remove_peer 01; update_peer 02 persistent_keepalive; add_peer 04");
	}
}

static void one_that_fails_stops_no_other_whichever_it_is(void **state)
{
	for (unsigned failing = 0; failing < 3; failing++) {
		struct fake_controller fake = device_with_peers_1_to_3();
		struct controller controller = fake_controller(&fake, false);
		struct three_ops three;
		three_ops(&three);
		fake_fail(&fake, (struct fake_fault){
					 .key = -1, .error = -EIO, .spared = failing, .times = 1});
		struct peer_op_result *results =
			executor_run(&controller, "plexd0", three.ops, 3, NULL);
		assert_non_null(results);
		for (size_t i = 0; i < 3; i++) {
			assert_int_equal(results[i].error, i == failing ? -EIO : 0);
			if (i == failing)
				assert_string_equal(results[i].error_text, "Input/output error");
		}
		peer_op_results_free(results, 3);
	}
}

static bool is_over(void *impl)
{
	unsigned *left = impl;
	return *left == 0 || (*left)-- == 0;
}

static void operations_left_at_the_end_of_a_pause_are_cancelled(void **state)
{
	for (unsigned done = 0; done <= 3; done++) {
		struct fake_controller fake = device_with_peers_1_to_3();
		struct controller controller = fake_controller(&fake, false);
		unsigned left = done;
		struct pause pause = {is_over, &left};
		struct three_ops three;
		three_ops(&three);
		struct peer_op_result *results =
			executor_run(&controller, "plexd0", three.ops, 3, &pause);
		assert_non_null(results);
		for (size_t i = 0; i < 3; i++)
			assert_int_equal(results[i].error, i < done ? 0 : -ECANCELED);
		peer_op_results_free(results, 3);
	}
}

static void an_operation_that_failed_keeps_its_first_error(void **state)
{
	struct peer_op_result result = {0};
	struct diag diag = {0};
	(void)diag_fail(&diag, -EIO, "first");
	peer_op_result_fail(&result, -EIO, &diag);
	peer_op_result_fail(&result, -ECANCELED, NULL);
	(void)diag_fail(&diag, -EBUSY, "second");
	peer_op_result_fail(&result, -EBUSY, &diag);
	assert_int_equal(result.error, -EIO);
	assert_string_equal(result.error_text, "first");
	free(result.error_text);
	diag_clear(&diag);
}

static void no_operations_call_nothing(void **state)
{
	for (int takes_lists = 0; takes_lists < 2; takes_lists++) {
		struct fake_controller fake = device_with_peers_1_to_3();
		struct controller controller = fake_controller(&fake, takes_lists);
		struct peer_op_result *results = executor_run(&controller, "plexd0", NULL, 0, NULL);
		assert_non_null(results);
		assert_string_equal(fake.calls, "");
		peer_op_results_free(results, 0);
	}
	peer_op_results_free(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operations_are_carried_out_in_order),
		cmocka_unit_test(one_that_fails_stops_no_other_whichever_it_is),
		cmocka_unit_test(operations_left_at_the_end_of_a_pause_are_cancelled),
		cmocka_unit_test(an_operation_that_failed_keeps_its_first_error),
		cmocka_unit_test(no_operations_call_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
