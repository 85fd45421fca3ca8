/* SPDX-License-Identifier: Apache-2.0 */
/* Whole lists on a kernel that refuses some operations, and the result reported for each. */
#include "harness.h"
#include "peer_world.h"
#include "wg_netlink.h"

#include <stdio.h>

#define OPS_MAX 64
/* A peer on the device that no operation is about. */
#define BYSTANDER 200

static const struct wg_target target = {MODEL_FAMILY, MODEL_INDEX};

struct bench {
	struct peer_world world;
	struct kernel_model model;
	struct wg_limits limits;
	struct peer_op ops[OPS_MAX];
	size_t op_count;
	struct peer_op_result results[OPS_MAX];
	enum wg_prefix_removal learned;
};

static int bench_setup(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);
	*state = bench;
	bench->world.random = 1;
	bench->limits = world_limits();
	bench->model.policy = WG_PREFIX_REMOVAL_NO;
	return 0;
}

static void results_forget(struct bench *bench)
{
	for (size_t i = 0; i < OPS_MAX; i++) {
		free(bench->results[i].error_text);
		bench->results[i] = (struct peer_op_result){0};
	}
}

static int bench_teardown(void **state)
{
	struct bench *bench = *state;
	results_forget(bench);
	peer_world_clear(&bench->world);
	kernel_model_clear(&bench->model);
	free(bench);
	return 0;
}

static struct peer_config *peer(struct bench *bench, unsigned number, const char *allowed_ips)
{
	return world_peer(
		&bench->world, (struct world_peer){.number = number, .allowed_ips = allowed_ips});
}

static void push(struct bench *bench, struct peer_op op)
{
	assert_true(bench->op_count < OPS_MAX);
	bench->ops[bench->op_count++] = op;
}

static void push_add(struct bench *bench, unsigned number, const char *allowed_ips)
{
	push(bench, (struct peer_op){.kind = PEER_OP_ADD,
			    .fields = PEER_FIELDS_ALL,
			    .desired = peer(bench, number, allowed_ips)});
}

static void push_remove(struct bench *bench, unsigned number, const char *allowed_ips)
{
	push(bench, (struct peer_op){
			    .kind = PEER_OP_REMOVE, .actual = peer(bench, number, allowed_ips)});
}

static void push_update(struct bench *bench, unsigned number, const char *before, const char *after)
{
	push(bench, (struct peer_op){PEER_OP_UPDATE, PEER_FIELD_ALLOWED_IPS,
			    peer(bench, number, after), peer(bench, number, before)});
}

/* The peers of all operations are on the device as desired, and the bystander in any case. */
static void device_prepare(struct bench *bench)
{
	bool has_bystander = false;
	for (size_t i = 0; i < bench->op_count; i++)
		if (bench->ops[i].actual) {
			world_put(&bench->world.actual, bench->ops[i].actual);
			has_bystander |= bench->ops[i].actual->public_key.bytes[0] == BYSTANDER;
		}
	if (!has_bystander)
		world_put(&bench->world.actual, peer(bench, BYSTANDER, "203.0.113.0/24"));
	assert_int_equal(peer_table_seal(&bench->world.actual, NULL), 0);
	kernel_model_load(&bench->model, &bench->world.actual);
}

static void apply_ops(struct bench *bench)
{
	struct wg_apply apply = world_apply(&bench->model, bench->limits);
	wg_apply_ops(&apply, &target, bench->ops, bench->op_count, bench->results, NULL);
	bench->learned = apply.prefix_removal;
}

static void refuse(struct bench *bench, unsigned number, int error)
{
	kernel_model_refuse(
		&bench->model, (struct model_refusal){.key = world_key(number), .error = error});
}

static void refuse_prefix(struct bench *bench, unsigned number, const char *prefix)
{
	kernel_model_refuse(&bench->model,
		(struct model_refusal){world_key(number), true, prefix_of(prefix), -EINVAL});
}

static bool is_there(const struct bench *bench, unsigned number)
{
	struct key_public key = world_key(number);
	return kernel_model_find(&bench->model, &key);
}

/* 0 if no peer has it. */
static unsigned owner_of(const struct bench *bench, const char *text)
{
	struct prefix prefix = prefix_of(text);
	const struct key_public *owner = kernel_model_owner(&bench->model, &prefix);
	return owner ? owner->bytes[0] : 0;
}

static void adds_prepare(struct bench *bench, unsigned count)
{
	for (unsigned i = 1; i <= count; i++) {
		char prefix[32];
		snprintf(prefix, sizeof prefix, "10.%u.0.0/16", i);
		push_add(bench, i, prefix);
	}
	device_prepare(bench);
}

static void one_refused_peer_of_many_is_found_at_any_place(void **state)
{
	struct bench *bench = *state;
	adds_prepare(bench, 20);
	for (unsigned guilty = 1; guilty <= 20; guilty++) {
		kernel_model_clear(&bench->model);
		results_forget(bench);
		refuse(bench, guilty, -ENOSPC);
		apply_ops(bench);
		for (unsigned i = 1; i <= 20; i++) {
			assert_int_equal(bench->results[i - 1].error, i == guilty ? -ENOSPC : 0);
			assert_int_equal(is_there(bench, i), i != guilty);
		}
		assert_string_equal(
			bench->results[guilty - 1].error_text, "No space left on device");
		/*
		 * The whole message, five halves and the operation itself; then the others in
		 * growing messages.
		 */
		assert_true(bench->model.set_count <= 13);
	}
}

static void every_set_of_refused_peers_is_found_at_every_limit(void **state)
{
	struct bench *bench = *state;
	adds_prepare(bench, 5);
	for (unsigned guilty = 0; guilty < 1u << 5; guilty++) {
		for (size_t turn = 0; turn < 17 * 3; turn++) {
			kernel_model_clear(&bench->model);
			results_forget(bench);
			bench->limits.bytes = WG_MESSAGE_BYTES_MIN + turn / 3 * 36;
			bench->limits.messages = 1 + turn % 3;
			for (unsigned i = 0; i < 5; i++)
				if (guilty & 1u << i)
					refuse(bench, i + 1, -EINVAL);
			apply_ops(bench);
			for (unsigned i = 0; i < 5; i++) {
				bool is_guilty = guilty & 1u << i;
				assert_int_equal(bench->results[i].error, is_guilty ? -EINVAL : 0);
				assert_int_equal(is_there(bench, i + 1), !is_guilty);
			}
		}
	}
}

static void messages_that_stand_alone_go_at_once(void **state)
{
	struct bench *bench = *state;
	adds_prepare(bench, 20);
	bench->limits.pieces = 3;
	bench->limits.messages = 4;
	apply_ops(bench);
	assert_int_equal(bench->model.at_once_max, 4);
	assert_int_equal(bench->model.set_count, 7);
	for (unsigned i = 1; i <= 20; i++)
		assert_true(is_there(bench, i));
}

static void messages_sent_at_once_have_a_limit(void **state)
{
	struct bench *bench = *state;
	adds_prepare(bench, 3 * NETLINK_REQUESTS_MAX);
	bench->limits.pieces = 1;
	bench->limits.messages = 2 * NETLINK_REQUESTS_MAX;
	apply_ops(bench);
	assert_int_equal(bench->model.at_once_max, NETLINK_REQUESTS_MAX);
	for (unsigned i = 1; i <= 3 * NETLINK_REQUESTS_MAX; i++)
		assert_true(is_there(bench, i));
}

/*
 * A removal waits until the peers before it are set, and a peer that was cut goes on where it was.
 */
static void messages_that_do_not_stand_alone_go_one_by_one(void **state)
{
	struct bench *bench = *state;
	push_remove(bench, 1, "10.1.0.0/16");
	push_remove(bench, 2, "10.2.0.0/16");
	push_add(bench, 3, "10.1.0.0/16");
	push_add(bench, 4, "10.2.0.0/16");
	device_prepare(bench);
	bench->limits.messages = 4;
	bench->limits.pieces = 2;
	apply_ops(bench);
	assert_int_equal(bench->model.at_once_max, 0);
	assert_int_equal(bench->model.set_count, 2);
	bench->op_count = 0;
	push_add(bench, 5, "10.5.0.0/16,10.6.0.0/16,10.7.0.0/16,10.8.0.0/16,10.9.0.0/16");
	bench->limits.bytes = WG_MESSAGE_BYTES_MIN;
	apply_ops(bench);
	assert_int_equal(bench->model.at_once_max, 0);
	assert_true(bench->model.set_count > 3);
}

static void many_refused_peers_cost_about_one_message_each(void **state)
{
	struct bench *bench = *state;
	adds_prepare(bench, 60);
	for (size_t i = 0; i < MODEL_REFUSALS_MAX; i++)
		refuse(bench, (unsigned)i + 1, -EINVAL);
	apply_ops(bench);
	assert_true(bench->model.set_count < 7 + MODEL_REFUSALS_MAX + 8);
	for (size_t i = 0; i < bench->op_count; i++)
		assert_int_equal(bench->results[i].error, i < MODEL_REFUSALS_MAX ? -EINVAL : 0);
}

/* A peer that is sent a second time does not lose its prefixes a second time. */
static void splitting_a_message_leaves_no_gap(void **state)
{
	struct bench *bench = *state;
	push_update(bench, 1, "10.1.0.0/16", "10.9.0.0/16");
	push_update(bench, 2, "10.2.0.0/16,10.9.0.0/16", "10.2.0.0/16");
	push_add(bench, 3, "10.3.0.0/16");
	push_add(bench, 4, "10.4.0.0/16");
	device_prepare(bench);
	refuse(bench, 4, -EINVAL);
	apply_ops(bench);
	assert_int_equal(bench->results[3].error, -EINVAL);
	assert_int_equal(owner_of(bench, "10.9.0.0/16"), 1);
	assert_int_equal(owner_of(bench, "10.1.0.0/16"), 0);
	const char *first = strstr(bench->model.log, "AQEBAQEB update replace");
	assert_non_null(first);
	assert_lacks(first + 1, "AQEBAQEB update replace");
	assert_contains(first + 1, "AQEBAQEB update +10.9.0.0/16");
}

static void a_refused_prefix_fails_its_peer_alone(void **state)
{
	struct bench *bench = *state;
	push_add(bench, 1, "10.1.0.0/16");
	push_add(bench, 2, "10.2.0.0/16,10.2.1.0/24,10.2.2.0/24");
	push_add(bench, 3, "10.3.0.0/16");
	device_prepare(bench);
	refuse_prefix(bench, 2, "10.2.1.0/24");
	for (size_t bytes = WG_MESSAGE_BYTES_MIN; bytes < 600; bytes += 4) {
		bench->limits.bytes = bytes;
		results_forget(bench);
		apply_ops(bench);
		assert_int_equal(bench->results[0].error, 0);
		assert_int_equal(bench->results[1].error, -EINVAL);
		assert_int_equal(bench->results[2].error, 0);
		assert_int_equal(owner_of(bench, "10.3.0.0/16"), 3);
	}
}

static void a_missing_device_fails_all_operations_at_once(void **state)
{
	static const int errors[] = {-ENODEV, -EPERM, -EOPNOTSUPP, -ENOENT};
	struct bench *bench = *state;
	adds_prepare(bench, 20);
	for (size_t k = 0; k < COUNT_OF(errors); k++) {
		bench->model.failure = errors[k];
		bench->model.failure_is_lasting = true;
		bench->model.attempt_count = 0;
		results_forget(bench);
		apply_ops(bench);
		assert_int_equal(bench->model.attempt_count, 1);
		for (size_t i = 0; i < bench->op_count; i++) {
			assert_int_equal(bench->results[i].error, errors[k]);
			assert_non_null(bench->results[i].error_text);
		}
	}
}

static void a_missing_answer_fails_the_rest_and_waits_once(void **state)
{
	struct bench *bench = *state;
	adds_prepare(bench, 20);
	bench->limits.pieces = 5;
	bench->model.spared = 2;
	bench->model.failure = -ETIMEDOUT;
	bench->model.failure_is_silent = true;
	bench->model.failure_is_lasting = true;
	apply_ops(bench);
	for (size_t i = 0; i < bench->op_count; i++)
		assert_int_equal(bench->results[i].error, i < 10 ? 0 : -ETIMEDOUT);
	assert_int_equal(bench->model.attempt_count, 3);
}

/* Whichever request fails once: at most one operation is reported as failed. */
static void a_passing_refusal_of_any_request_costs_one_operation_at_most(void **state)
{
	struct bench *bench = *state;
	push_remove(bench, 1, "10.1.0.0/16");
	push_update(bench, 2, "10.2.0.0/16,10.3.0.0/16,10.4.0.0/16", "10.2.0.0/16");
	push_update(bench, 3, "10.5.0.0/16,10.6.0.0/16", "10.5.0.0/16,10.3.0.0/16");
	push_add(bench, 4, "10.1.0.0/16");
	device_prepare(bench);
	for (size_t pieces = 1; pieces < 8; pieces++) {
		for (size_t spared = 0; spared < 8; spared++) {
			struct kernel_model fresh = {.policy = WG_PREFIX_REMOVAL_NO,
				.spared = spared,
				.failure = -ENOMEM};
			kernel_model_clear(&bench->model);
			results_forget(bench);
			bench->model = fresh;
			kernel_model_load(&bench->model, &bench->world.actual);
			bench->limits.pieces = pieces;
			apply_ops(bench);
			size_t failed = 0;
			for (size_t i = 0; i < bench->op_count; i++)
				failed += bench->results[i].error != 0;
			assert_true(failed <= 1);
			assert_false(is_there(bench, TEMPORARY_NUMBER));
			assert_int_equal(owner_of(bench, "10.2.0.0/16"), 2);
			assert_int_equal(owner_of(bench, "10.5.0.0/16"), 3);
		}
	}
}

static bool is_over(void *impl)
{
	unsigned *left = impl;
	return *left == 0 || (*left)-- == 0;
}

/* And the temporary peer, if there was one, is gone. */
static void a_pause_ends_a_list_between_any_two_messages(void **state)
{
	struct bench *bench = *state;
	push_remove(bench, 1, "10.1.0.0/16");
	push_update(bench, 2, "10.2.0.0/16,10.3.0.0/16,10.4.0.0/16", "10.2.0.0/16");
	push_update(bench, 3, "10.5.0.0/16,10.6.0.0/16", "10.5.0.0/16,10.3.0.0/16");
	push_add(bench, 4, "10.1.0.0/16");
	device_prepare(bench);
	for (unsigned pauses = 0; pauses < 10; pauses++) {
		struct kernel_model fresh = {.policy = WG_PREFIX_REMOVAL_NO};
		unsigned left = pauses;
		struct pause pause = {is_over, &left};
		kernel_model_clear(&bench->model);
		results_forget(bench);
		bench->model = fresh;
		kernel_model_load(&bench->model, &bench->world.actual);
		bench->limits.pieces = 1;
		struct wg_apply apply = world_apply(&bench->model, bench->limits);
		wg_apply_ops(&apply, &target, bench->ops, bench->op_count, bench->results, &pause);
		assert_int_equal(bench->results[3].error, is_there(bench, 4) ? 0 : -ECANCELED);
		assert_false(is_there(bench, TEMPORARY_NUMBER));
		assert_int_equal(owner_of(bench, "10.2.0.0/16"), 2);
		assert_int_equal(owner_of(bench, "10.5.0.0/16"), 3);
		if (pauses == 0)
			assert_int_equal(bench->model.set_count, 0);
	}
	assert_true(is_there(bench, 4));
}

static void all_peers_go_by_one_request_if_nothing_survives(void **state)
{
	struct bench *bench = *state;
	for (unsigned i = 1; i <= 20; i++)
		push_remove(bench, i, "");
	push_remove(bench, BYSTANDER, "203.0.113.0/24");
	bench->limits.removals = 4;
	push_add(bench, 100, "10.0.0.0/8");
	device_prepare(bench);
	apply_ops(bench);
	assert_int_equal(bench->model.set_count, 2);
	assert_contains(bench->model.log, "-- set\nremove all\n-- set\nZGRkZGRk");
	assert_int_equal(bench->model.peer_count, 1);
	assert_true(is_there(bench, 100));
}

static void peers_go_one_by_one_if_one_survives(void **state)
{
	struct bench *bench = *state;
	push_remove(bench, 1, "10.1.0.0/16");
	push_remove(bench, 2, "");
	device_prepare(bench);
	apply_ops(bench);
	assert_lacks(bench->model.log, "remove all");
	assert_int_equal(bench->model.read_count, 0); /* the list is too short for a read */
	assert_true(is_there(bench, BYSTANDER));
	assert_int_equal(bench->model.peer_count, 1);
}

/* The list is as long as the device was when it was read, but a peer was added since. */
static void a_peer_that_came_meanwhile_survives(void **state)
{
	struct bench *bench = *state;
	push_remove(bench, 1, "");
	push_remove(bench, 2, "");
	device_prepare(bench);
	struct wg_apply apply = world_apply(&bench->model, bench->limits);
	apply.peer_count_seen = 2;
	wg_apply_ops(&apply, &target, bench->ops, bench->op_count, bench->results, NULL);
	assert_true(is_there(bench, BYSTANDER));
	assert_int_equal(bench->model.peer_count, 1);
}

static void peers_are_not_all_removed_at_once_if_their_prefixes_move(void **state)
{
	struct bench *bench = *state;
	push_remove(bench, BYSTANDER, "203.0.113.0/24");
	push_add(bench, 1, "203.0.113.0/24");
	device_prepare(bench);
	apply_ops(bench);
	assert_string_equal(bench->model.log,
		"-- set\nAQEBAQEB replace psk=none +203.0.113.0/24 keepalive=0\n"
		"yMjIyMjI remove\n");
}

static void a_refused_removal_of_all_fails_each_of_them(void **state)
{
	struct bench *bench = *state;
	push_remove(bench, BYSTANDER, "203.0.113.0/24");
	device_prepare(bench);
	bench->model.failure = -EINTR;
	apply_ops(bench);
	assert_int_equal(bench->results[0].error, -EINTR);
	assert_true(is_there(bench, BYSTANDER));
}

static void a_prefix_whose_new_peer_is_refused_does_not_stay_where_it_was(void **state)
{
	struct bench *bench = *state;
	push_update(bench, 1, "10.1.0.0/16,10.2.0.0/16", "10.1.0.0/16");
	push_add(bench, 2, "10.2.0.0/16");
	device_prepare(bench);
	refuse(bench, 2, -ENOMEM);
	apply_ops(bench);
	assert_int_equal(bench->results[0].error, 0);
	assert_int_equal(bench->results[1].error, -ENOMEM);
	assert_int_equal(owner_of(bench, "10.1.0.0/16"), 1);
	assert_int_equal(owner_of(bench, "10.2.0.0/16"), 0);
}

/* It moved before the peer was refused for another reason, and stays there. */
static void a_prefix_that_moved_before_its_peer_was_refused_is_not_taken_away(void **state)
{
	struct bench *bench = *state;
	push_update(bench, 1, "10.1.0.0/16,10.2.0.0/16", "10.1.0.0/16");
	push_add(bench, 2, "10.2.0.0/16,10.3.0.0/16");
	device_prepare(bench);
	refuse_prefix(bench, 2, "10.3.0.0/16");
	apply_ops(bench);
	assert_int_equal(bench->results[0].error, 0);
	assert_int_equal(bench->results[1].error, -EINVAL);
	assert_int_equal(owner_of(bench, "10.2.0.0/16"), 2);
}

static void losses_prepare(struct bench *bench)
{
	push_update(bench, 1, "10.1.0.0/16,10.2.0.0/16", "10.1.0.0/16");
	push_update(bench, 3, "10.3.0.0/16,10.4.0.0/16,10.5.0.0/16", "10.3.0.0/16");
	device_prepare(bench);
}

static void losses_expect_done(struct bench *bench)
{
	assert_int_equal(bench->results[0].error, 0);
	assert_int_equal(bench->results[1].error, 0);
	assert_int_equal(owner_of(bench, "10.1.0.0/16"), 1);
	assert_int_equal(owner_of(bench, "10.2.0.0/16"), 0);
	assert_int_equal(owner_of(bench, "10.3.0.0/16"), 3);
	assert_int_equal(owner_of(bench, "10.4.0.0/16"), 0);
	assert_int_equal(owner_of(bench, "10.5.0.0/16"), 0);
	assert_false(is_there(bench, TEMPORARY_NUMBER));
}

static void a_kernel_that_reports_no_support_is_not_tried(void **state)
{
	struct bench *bench = *state;
	losses_prepare(bench);
	apply_ops(bench);
	losses_expect_done(bench);
	assert_int_equal(bench->learned, WG_PREFIX_REMOVAL_NO);
	assert_int_equal(bench->model.set_count, 1);
}

static void a_kernel_that_cannot_be_queried_is_not_tried(void **state)
{
	struct bench *bench = *state;
	bench->model.policy = WG_PREFIX_REMOVAL_UNKNOWN;
	losses_prepare(bench);
	apply_ops(bench);
	losses_expect_done(bench);
	assert_int_equal(bench->learned, WG_PREFIX_REMOVAL_NO);
	assert_int_equal(bench->model.set_count, 1);
}

static void a_kernel_that_does_not_report_support_is_tried_and_refuses(void **state)
{
	struct bench *bench = *state;
	bench->model.policy = WG_PREFIX_REMOVAL_UNSAID;
	losses_prepare(bench);
	apply_ops(bench);
	losses_expect_done(bench);
	assert_int_equal(bench->learned, WG_PREFIX_REMOVAL_NO);
	/* Tried, cleaned up, done. */
	assert_int_equal(bench->model.set_count, 3);
}

static void a_kernel_that_does_not_report_support_is_tried_and_succeeds(void **state)
{
	struct bench *bench = *state;
	bench->model.policy = WG_PREFIX_REMOVAL_UNSAID;
	bench->model.can_remove_prefixes = true;
	losses_prepare(bench);
	apply_ops(bench);
	losses_expect_done(bench);
	assert_int_equal(bench->learned, WG_PREFIX_REMOVAL_YES);
	assert_int_equal(bench->model.set_count, 2);
	assert_contains(bench->model.log, "AQEBAQEB update -10.2.0.0/16\n"
					  "AwMDAwMD update -10.4.0.0/16 -10.5.0.0/16\n");
}

static void a_kernel_that_reports_support_is_not_tried(void **state)
{
	struct bench *bench = *state;
	bench->model.policy = WG_PREFIX_REMOVAL_YES;
	bench->model.can_remove_prefixes = true;
	losses_prepare(bench);
	apply_ops(bench);
	losses_expect_done(bench);
	assert_string_equal(bench->model.log, "-- set\nAQEBAQEB update -10.2.0.0/16\n"
					      "AwMDAwMD update -10.4.0.0/16 -10.5.0.0/16\n");
}

static void a_failed_attempt_leaves_the_question_open(void **state)
{
	struct bench *bench = *state;
	bench->model.policy = WG_PREFIX_REMOVAL_UNSAID;
	bench->model.can_remove_prefixes = true;
	bench->model.failure = -ETIMEDOUT;
	bench->model.failure_is_silent = true;
	losses_prepare(bench);
	apply_ops(bench);
	losses_expect_done(bench);
	assert_int_equal(bench->learned, WG_PREFIX_REMOVAL_UNSAID);
}

static void a_prefix_that_the_temporary_peer_cannot_take_fails_its_operation_alone(void **state)
{
	struct bench *bench = *state;
	losses_prepare(bench);
	refuse_prefix(bench, TEMPORARY_NUMBER, "10.4.0.0/16");
	apply_ops(bench);
	assert_int_equal(bench->results[0].error, 0);
	assert_int_equal(bench->results[1].error, -EINVAL);
	assert_int_equal(owner_of(bench, "10.2.0.0/16"), 0);
	assert_int_equal(owner_of(bench, "10.4.0.0/16"), 3);
	assert_int_equal(owner_of(bench, "10.5.0.0/16"), 0);
	assert_false(is_there(bench, TEMPORARY_NUMBER));
}

/* Making it succeeds, removing it fails: each time. Returns the reported result. */
static const char *temporary_peer_stays(struct bench *bench, int failure)
{
	push_update(bench, 1, "10.1.0.0/16,10.2.0.0/16", "10.1.0.0/16");
	push_update(bench, 3, "10.3.0.0/16", "10.3.0.0/16,10.4.0.0/16");
	device_prepare(bench);
	refuse_prefix(bench, TEMPORARY_NUMBER, "10.2.0.0/16");
	bench->model.spared = 2; /* the list, and its refused half */
	bench->model.failure = failure;
	bench->model.failure_is_lasting = true;
	apply_ops(bench);
	assert_true(is_there(bench, TEMPORARY_NUMBER) && !bench->results[1].error);
	return bench->results[0].error_text;
}

static void a_temporary_peer_that_stays_is_reported(void **state)
{
	const char *told = temporary_peer_stays(*state, -EBUSY);
	assert_contains(told, "the temporary peer bm5ubm5u");
	assert_contains(told, "Device or resource busy");
}

static void a_temporary_peer_that_went_with_its_device_is_not_reported(void **state)
{
	assert_string_equal(temporary_peer_stays(*state, -ENODEV), "No such device");
}

static int set_one(struct bench *bench, struct peer_op op, struct diag *diag)
{
	struct wg_apply apply = world_apply(&bench->model, bench->limits);
	bench->model.log[0] = '\0';
	return wg_apply_set(&apply, &target, &op, diag);
}

static void an_add_of_a_peer_that_is_there_changes_what_differs(void **state)
{
	struct bench *bench = *state;
	device_prepare(bench);
	push_add(bench, 1, "10.1.0.0/16,10.2.0.0/16");
	assert_int_equal(set_one(bench, bench->ops[0], NULL), 0);
	assert_int_equal(bench->model.read_count, 0);
	push_add(bench, 1, "10.1.0.0/16,10.3.0.0/16");
	assert_int_equal(set_one(bench, bench->ops[1], NULL), 0);
	assert_int_equal(bench->model.read_count, 1);
	assert_string_equal(bench->model.log, "-- set\nAQEBAQEB update refused\n"
					      "-- set\nAQEBAQEB update +10.3.0.0/16\n"
					      "bm5ubm5u +10.2.0.0/16\nbm5ubm5u remove\n");
	assert_int_equal(set_one(bench, bench->ops[1], NULL), 0);
	assert_string_equal(bench->model.log, "-- set\nAQEBAQEB update refused\n");
}

static struct peer_op add_of_known(
	struct bench *bench, unsigned number, const char *known, const char *wanted)
{
	return (struct peer_op){PEER_OP_ADD, PEER_FIELDS_ALL,
		world_peer(&bench->world, (struct world_peer){.number = number,
						  .allowed_ips = wanted,
						  .endpoint = "192.0.2.1:5",
						  .psk = 3,
						  .keepalive_s = 25}),
		peer(bench, number, known)};
}

static void an_add_of_a_known_peer_sends_what_differs_and_reads_nothing(void **state)
{
	struct bench *bench = *state;
	push_update(bench, 1, "10.1.0.0/16,10.2.0.0/16", "");
	device_prepare(bench);
	struct peer_op op =
		add_of_known(bench, 1, "10.1.0.0/16,10.2.0.0/16", "10.1.0.0/16,10.2.0.0/16");
	const char *said = "-- set\nAQEBAQEB update refused\n"
			   "-- set\nAQEBAQEB update psk=some endpoint=192.0.2.1:5 keepalive=25\n";
	for (int i = 0; i < 2; i++) { /* with an endpoint that is set already */
		assert_int_equal(set_one(bench, op, NULL), 0);
		assert_string_equal(bench->model.log, said);
	}
	op = add_of_known(bench, 1, "10.1.0.0/16,10.2.0.0/16", "10.1.0.0/16,203.0.113.0/24");
	assert_int_equal(set_one(bench, op, NULL), 0);
	assert_int_equal(owner_of(bench, "10.1.0.0/16"), 1);
	assert_int_equal(owner_of(bench, "10.2.0.0/16"), 0);
	assert_int_equal(owner_of(bench, "203.0.113.0/24"), 1);
	assert_lacks(bench->model.log, "replace");
	assert_lacks(bench->model.log, "10.1.0.0/16");
	assert_int_equal(bench->model.read_count, 0);
}

static void a_known_peer_that_is_gone_is_added_whole(void **state)
{
	struct bench *bench = *state;
	device_prepare(bench);
	struct peer_op op =
		add_of_known(bench, 1, "10.1.0.0/16,10.2.0.0/16", "10.1.0.0/16,10.3.0.0/16");
	assert_int_equal(set_one(bench, op, NULL), 0);
	assert_int_equal(owner_of(bench, "10.1.0.0/16"), 1);
	assert_int_equal(owner_of(bench, "10.3.0.0/16"), 1);
	assert_int_equal(bench->model.read_count, 0);
}

/* Its prefix has moved since the operation was made, and must not be removed. */
static void an_update_with_outdated_allowed_ips_takes_none_from_other_peers(void **state)
{
	struct bench *bench = *state;
	push_update(bench, 1, "10.1.0.0/16", "10.1.0.0/16");
	push_update(bench, 2, "10.2.0.0/16", "10.2.0.0/16");
	device_prepare(bench);
	push_update(bench, 1, "10.1.0.0/16,10.2.0.0/16", "10.1.0.0/16,10.5.0.0/16");
	assert_int_equal(set_one(bench, bench->ops[2], NULL), 0);
	assert_int_equal(owner_of(bench, "10.1.0.0/16"), 1);
	assert_int_equal(owner_of(bench, "10.2.0.0/16"), 2);
	assert_int_equal(owner_of(bench, "10.5.0.0/16"), 1);
}

static void a_single_failure_is_reported_with_its_text(void **state)
{
	struct bench *bench = *state;
	struct diag diag = {0};
	device_prepare(bench);
	push_add(bench, 1, "10.1.0.0/16");
	refuse(bench, 1, -ENOMEM);
	assert_int_equal(set_one(bench, bench->ops[0], &diag), -ENOMEM);
	assert_string_equal(diag_text(&diag), "Cannot allocate memory");
	bench->model.failure = -ENODEV;
	assert_int_equal(set_one(bench, bench->ops[0], &diag), -ENODEV);
	assert_string_equal(diag_text(&diag), "No such device");
	diag_clear(&diag);
}

/*
 * A random device becomes another while the kernel refuses some peers and prefixes for good: only
 * they fail, and all others are as desired.
 */
static void refuse_at_random(uint32_t seed)
{
	struct bench bench = {.world.random = seed * 2654435761u | 1, .limits = world_limits()};
	bench.model.policy = seed % 2 ? WG_PREFIX_REMOVAL_NO : WG_PREFIX_REMOVAL_YES;
	bench.model.can_remove_prefixes = seed % 2 == 0;
	world_draw(&bench.world);
	kernel_model_load(&bench.model, &bench.world.actual);
	size_t count = peer_diff_op_count(&bench.world.diff);
	bool is_guilty[256] = {false};
	for (size_t i = 0; i < count; i++) {
		const struct peer_op *op = &bench.world.diff.ops[i];
		unsigned number = peer_op_key(op)->bytes[0];
		if (op->kind != PEER_OP_ADD || world_roll(&bench.world, 2))
			continue;
		refuse(&bench, number, -ENOMEM);
		is_guilty[number] = true;
	}
	bench.limits.bytes = WG_MESSAGE_BYTES_MIN + world_roll(&bench.world, 600);
	bench.limits.pieces = 1 + world_roll(&bench.world, 12);
	bench.limits.removals = 1 + world_roll(&bench.world, 3);
	bench.limits.messages = 1 + world_roll(&bench.world, NETLINK_REQUESTS_MAX);
	struct wg_apply apply = world_apply(&bench.model, bench.limits);
	wg_apply_ops(&apply, &target, bench.world.diff.ops, count, bench.results, NULL);
	for (size_t i = 0; i < count; i++)
		if ((bench.results[i].error != 0) !=
			is_guilty[peer_op_key(&bench.world.diff.ops[i])->bytes[0]])
			fail_msg("seed %u, operation %zu:\n%s", seed, i, bench.model.log);
	struct peer_table expected = {0};
	for (size_t i = 0; i < bench.world.desired.count; i++)
		if (!is_guilty[bench.world.desired.peers[i].public_key.bytes[0]])
			world_put(&expected, &bench.world.desired.peers[i]);
	assert_int_equal(peer_table_seal(&expected, NULL), 0);
	world_expect(&bench.model, &expected);
	peer_table_clear(&expected);
	results_forget(&bench);
	kernel_model_clear(&bench.model);
	peer_world_clear(&bench.world);
}

static void only_what_is_refused_fails_whatever_the_list(void **state)
{
	for (uint32_t seed = 1; seed < 3000; seed++)
		refuse_at_random(seed);
}

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(one_refused_peer_of_many_is_found_at_any_place),
		BENCH_TEST(every_set_of_refused_peers_is_found_at_every_limit),
		BENCH_TEST(messages_that_stand_alone_go_at_once),
		BENCH_TEST(messages_sent_at_once_have_a_limit),
		BENCH_TEST(messages_that_do_not_stand_alone_go_one_by_one),
		BENCH_TEST(many_refused_peers_cost_about_one_message_each),
		BENCH_TEST(splitting_a_message_leaves_no_gap),
		BENCH_TEST(a_refused_prefix_fails_its_peer_alone),
		BENCH_TEST(a_missing_device_fails_all_operations_at_once),
		BENCH_TEST(a_missing_answer_fails_the_rest_and_waits_once),
		BENCH_TEST(a_passing_refusal_of_any_request_costs_one_operation_at_most),
		BENCH_TEST(a_pause_ends_a_list_between_any_two_messages),
		BENCH_TEST(all_peers_go_by_one_request_if_nothing_survives),
		BENCH_TEST(peers_go_one_by_one_if_one_survives),
		BENCH_TEST(a_peer_that_came_meanwhile_survives),
		BENCH_TEST(peers_are_not_all_removed_at_once_if_their_prefixes_move),
		BENCH_TEST(a_refused_removal_of_all_fails_each_of_them),
		BENCH_TEST(a_prefix_whose_new_peer_is_refused_does_not_stay_where_it_was),
		BENCH_TEST(a_prefix_that_moved_before_its_peer_was_refused_is_not_taken_away),
		BENCH_TEST(a_kernel_that_reports_no_support_is_not_tried),
		BENCH_TEST(a_kernel_that_cannot_be_queried_is_not_tried),
		BENCH_TEST(a_kernel_that_does_not_report_support_is_tried_and_refuses),
		BENCH_TEST(a_kernel_that_does_not_report_support_is_tried_and_succeeds),
		BENCH_TEST(a_kernel_that_reports_support_is_not_tried),
		BENCH_TEST(a_failed_attempt_leaves_the_question_open),
		BENCH_TEST(a_prefix_that_the_temporary_peer_cannot_take_fails_its_operation_alone),
		BENCH_TEST(a_temporary_peer_that_stays_is_reported),
		BENCH_TEST(a_temporary_peer_that_went_with_its_device_is_not_reported),
		BENCH_TEST(an_add_of_a_peer_that_is_there_changes_what_differs),
		BENCH_TEST(an_add_of_a_known_peer_sends_what_differs_and_reads_nothing),
		BENCH_TEST(a_known_peer_that_is_gone_is_added_whole),
		BENCH_TEST(an_update_with_outdated_allowed_ips_takes_none_from_other_peers),
		BENCH_TEST(a_single_failure_is_reported_with_its_text),
		cmocka_unit_test(only_what_is_refused_fails_whatever_the_list),
	};
	return cmocka_run_group_tests_name("wg_batch", tests, NULL, NULL);
}
