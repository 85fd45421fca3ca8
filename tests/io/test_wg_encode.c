/* SPDX-License-Identifier: Apache-2.0 */
/* From operations to messages, and their effect on a kernel. */
#include "harness.h"
#include "peer_world.h"
#include "wg_netlink.h"

#include <linux/genetlink.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdio.h>

#define SPLIT_BYTES_MAX 900

static const struct wg_target target = {MODEL_FAMILY, MODEL_INDEX};

struct bench {
	struct peer_world world;
	struct kernel_model model;
	struct key_public temporary_key;
};

static int bench_setup(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);
	*state = bench;
	bench->world.random = 1;
	bench->temporary_key = world_key(99);
	return 0;
}

static int bench_teardown(void **state)
{
	struct bench *bench = *state;
	peer_world_clear(&bench->world);
	kernel_model_clear(&bench->model);
	free(bench);
	return 0;
}

static struct wg_steps order(
	struct bench *bench, const struct peer_op *ops, size_t count, bool can_drop)
{
	struct peer_op_result results[16] = {{0}};
	struct wg_order_input input = {
		ops, count, can_drop, &bench->temporary_key, world_zone_index};
	struct wg_steps steps;
	assert_true(count <= COUNT_OF(results));
	assert_int_equal(wg_order(&input, results, &steps), 0);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(results[i].error, 0);
	return steps;
}

/* Pass all messages to the model, and return their number. */
static size_t run_steps(
	struct bench *bench, const struct wg_steps *steps, const struct wg_limits *limits)
{
	struct wg_cursor cursor = {0};
	size_t count = 0;
	for (; cursor.step < steps->count; count++) {
		struct wg_message message;
		assert_int_equal(
			wg_encode_steps(&target, steps, limits, cursor, false, &message), 0);
		assert_true(nlmsg_hdr(message.message)->nlmsg_len <= limits->bytes);
		assert_true(message.piece_count > 0);
		assert_int_equal(kernel_model_set(&bench->model, message.message), 0);
		cursor = message.end;
		wg_message_free(message.message);
	}
	return count;
}

static size_t run_ops(
	struct bench *bench, const struct peer_op *ops, size_t count, struct wg_limits limits)
{
	struct wg_steps steps = order(bench, ops, count, bench->model.can_remove_prefixes);
	size_t messages = run_steps(bench, &steps, &limits);
	wg_steps_clear(&steps);
	return messages;
}

static struct peer_op add_of(const struct peer_config *peer)
{
	return (struct peer_op){.kind = PEER_OP_ADD, .fields = PEER_FIELDS_ALL, .desired = peer};
}

static struct peer_op update_of(
	unsigned fields, const struct peer_config *desired, const struct peer_config *actual)
{
	return (struct peer_op){PEER_OP_UPDATE, fields, desired, actual};
}

static void assert_log(const struct bench *bench, const char *expected)
{
	assert_string_equal(bench->model.log, expected);
}

static void log_forget(struct bench *bench)
{
	bench->model.log[0] = '\0';
}

static void an_add_sets_the_peer_whole(void **state)
{
	struct bench *bench = *state;
	struct peer_op op = add_of(world_peer(&bench->world,
		(struct world_peer){1, "10.0.0.0/8,fd00::/8", "192.0.2.1:7", 5, 25}));
	assert_int_equal(run_ops(bench, &op, 1, world_limits()), 1);
	assert_log(bench, "-- set\nAQEBAQEB replace psk=some endpoint=192.0.2.1:7 +10.0.0.0/8 "
			  "+fd00::/8 keepalive=25\n");
}

static void an_add_clears_fields_that_the_peer_must_not_have(void **state)
{
	struct bench *bench = *state;
	struct peer_op op = add_of(world_peer(&bench->world, (struct world_peer){1}));
	run_ops(bench, &op, 1, world_limits());
	assert_log(bench, "-- set\nAQEBAQEB replace psk=none keepalive=0\n");
}

static void an_update_sends_the_fields_of_its_mask_alone(void **state)
{
	struct bench *bench = *state;
	static const char *const words[] = {
		[PEER_FIELD_BIT_PSK] = " psk=some",
		[PEER_FIELD_BIT_ENDPOINT] = " endpoint=192.0.2.1:7",
		[PEER_FIELD_BIT_ALLOWED_IPS] = " +10.0.0.0/8",
		[PEER_FIELD_BIT_PERSISTENT_KEEPALIVE] = " keepalive=25",
	};
	static const enum peer_field_bit order_of_kernel[] = {PEER_FIELD_BIT_PSK,
		PEER_FIELD_BIT_ENDPOINT, PEER_FIELD_BIT_ALLOWED_IPS,
		PEER_FIELD_BIT_PERSISTENT_KEEPALIVE};
	struct peer_config *bare = world_peer(&bench->world, (struct world_peer){1});
	struct peer_config *full = world_peer(
		&bench->world, (struct world_peer){1, "10.0.0.0/8", "192.0.2.1:7", 5, 25});
	struct peer_op add = add_of(bare);
	run_ops(bench, &add, 1, world_limits());
	for (unsigned fields = 1; fields <= PEER_FIELDS_ALL; fields++) {
		char expected[200] = "-- set\nAQEBAQEB update";
		struct peer_op op = update_of(fields, full, bare);
		for (size_t i = 0; i < COUNT_OF(order_of_kernel); i++)
			if (fields & 1u << order_of_kernel[i])
				strcat(expected, words[order_of_kernel[i]]);
		strcat(expected, "\n");
		log_forget(bench);
		run_ops(bench, &op, 1, world_limits());
		assert_log(bench, expected);
	}
}

static void a_psk_and_a_keepalive_are_cleared_by_zero(void **state)
{
	struct bench *bench = *state;
	struct peer_config *full =
		world_peer(&bench->world, (struct world_peer){1, "", NULL, 5, 25});
	struct peer_config *bare = world_peer(&bench->world, (struct world_peer){1});
	struct peer_op add = add_of(full);
	struct peer_op op = update_of(PEER_FIELD_PSK | PEER_FIELD_PERSISTENT_KEEPALIVE, bare, full);
	run_ops(bench, &add, 1, world_limits());
	log_forget(bench);
	run_ops(bench, &op, 1, world_limits());
	assert_log(bench, "-- set\nAQEBAQEB update psk=none keepalive=0\n");
	assert_true(key_secret_is_zero(&bench->model.peers[0].psk));
}

static void nothing_to_change_is_no_step(void **state)
{
	struct bench *bench = *state;
	struct peer_config *peer =
		world_peer(&bench->world, (struct world_peer){1, "10.0.0.0/8", NULL, 0, 0});
	struct peer_op ops[] = {
		update_of(0, peer, peer),
		update_of(PEER_FIELD_ALLOWED_IPS | PEER_FIELD_ENDPOINT, peer, peer),
	};
	struct wg_steps steps = order(bench, ops, COUNT_OF(ops), false);
	assert_int_equal(steps.count, 0);
	wg_steps_clear(&steps);
}

/* Only the first part may replace or create. */
static void later_parts_of_a_peer_only_update(void **state)
{
	struct bench *bench = *state;
	struct wg_limits limits = world_limits();
	struct peer_op op = add_of(world_peer(
		&bench->world, (struct world_peer){1, "10.0.0.0/8,10.1.0.0/16,10.2.0.0/16",
				       "[2001:db8::1]:7", 5}));
	limits.bytes = WG_MESSAGE_BYTES_MIN;
	assert_int_equal(run_ops(bench, &op, 1, limits), 2);
	assert_log(bench, "-- set\nAQEBAQEB replace psk=some endpoint=[2001:db8::1]:7 +10.0.0.0/8 "
			  "keepalive=0\n"
			  "-- set\nAQEBAQEB update +10.1.0.0/16 +10.2.0.0/16\n");
}

static void endpoints_have_their_own_family_and_zone(void **state)
{
	struct bench *bench = *state;
	struct peer_op ops[] = {
		add_of(world_peer(
			&bench->world, (struct world_peer){1, "", "[::ffff:192.0.2.1]:7"})),
		add_of(world_peer(&bench->world, (struct world_peer){2, "", "[fe80::1%out]:7"})),
		add_of(world_peer(&bench->world, (struct world_peer){3, "", "[fe80::1%12]:7"})),
		add_of(world_peer(&bench->world, (struct world_peer){4, "", "[2001:db8::1]:7"})),
	};
	run_ops(bench, ops, COUNT_OF(ops), world_limits());
	const struct model_peer *peers = bench->model.peers;
	assert_string_equal(endpoint_format(&peers[0].endpoint).text, "192.0.2.1:7");
	assert_string_equal(endpoint_format(&peers[1].endpoint).text, "[fe80::1%3]:7");
	assert_string_equal(endpoint_format(&peers[2].endpoint).text, "[fe80::1%12]:7");
	assert_string_equal(endpoint_format(&peers[3].endpoint).text, "[2001:db8::1]:7");
}

static void an_endpoint_that_cannot_be_sent_fails_its_operation_alone(void **state)
{
	struct bench *bench = *state;
	struct peer_config *named = world_peer(&bench->world, (struct world_peer){1});
	struct peer_config *lost =
		world_peer(&bench->world, (struct world_peer){2, "", "[fe80::1%gone]:7"});
	struct peer_config *good =
		world_peer(&bench->world, (struct world_peer){3, "", "192.0.2.1:7"});
	named->endpoint = (struct endpoint){.kind = ENDPOINT_NAME, .host = "host", .port = 1};
	struct peer_op ops[] = {
		add_of(named), add_of(lost), add_of(good), update_of(PEER_FIELD_PSK, lost, lost)};
	struct peer_op_result results[COUNT_OF(ops)] = {{0}};
	struct wg_order_input input = {
		ops, COUNT_OF(ops), false, &bench->temporary_key, world_zone_index};
	struct wg_steps steps;
	assert_int_equal(wg_order(&input, results, &steps), 0);
	assert_int_equal(steps.count, 2);
	assert_int_equal(results[0].error, -EINVAL);
	assert_int_equal(results[1].error, -ENXIO);
	assert_contains(results[1].error_text, "\"gone\"");
	assert_int_equal(results[2].error, 0);
	assert_int_equal(results[3].error, 0); /* its endpoint is not sent */
	for (size_t i = 0; i < COUNT_OF(ops); i++)
		free(results[i].error_text);
	wg_steps_clear(&steps);
}

/* Prefixes 10.N.0.0/16 and fd00:N::/32 in turn. */
static struct peer_config *peer_with_many(struct bench *bench, unsigned number, unsigned count)
{
	struct peer_config *peer = world_peer(
		&bench->world, (struct world_peer){number, "", "[2001:db8::1]:7", 5, 25});
	struct prefix *prefixes = arena_alloc(&bench->world.arena, count * sizeof *prefixes);
	assert_non_null(prefixes);
	for (unsigned i = 0; i < count; i++) {
		char text[64];
		snprintf(text, sizeof text, i % 2 ? "fd%02x:%x::/32" : "10.%u.%u.0/24", number, i);
		if (i % 2 == 0)
			snprintf(text, sizeof text, "%u.%u.%u.0/24", 10 + number, i / 256, i % 256);
		prefixes[i] = prefix_of(text);
	}
	peer->allowed_ips = prefixes;
	peer->allowed_ip_count = (uint32_t)prefixes_normalize(prefixes, count);
	assert_int_equal(peer->allowed_ip_count, count);
	return peer;
}

static size_t message_bytes(const struct wg_steps *steps, struct wg_limits limits,
	struct wg_cursor begin, struct wg_cursor *ret_end)
{
	struct wg_message message;
	assert_int_equal(wg_encode_steps(&target, steps, &limits, begin, false, &message), 0);
	size_t bytes = nlmsg_hdr(message.message)->nlmsg_len;
	*ret_end = message.end;
	wg_message_free(message.message);
	return bytes;
}

/* The content of one message fits a limit of exactly its size, and not one of a byte less. */
static void sizes_are_exact(void **state)
{
	struct bench *bench = *state;
	struct peer_config *many = peer_with_many(bench, 4, 9);
	struct peer_config *fewer = world_peer(&bench->world, (struct world_peer){4});
	fewer->allowed_ips = many->allowed_ips;
	fewer->allowed_ip_count = 3;
	struct peer_op ops[] = {
		{.kind = PEER_OP_REMOVE,
			.actual = world_peer(&bench->world, (struct world_peer){1})},
		update_of(PEER_FIELD_ALLOWED_IPS, fewer, many),
		add_of(world_peer(
			&bench->world, (struct world_peer){2, "10.0.0.0/8", "192.0.2.1:7"})),
		add_of(peer_with_many(bench, 3, 5)),
	};
	for (int can_drop = 0; can_drop < 2; can_drop++) {
		struct wg_steps steps = order(bench, ops, COUNT_OF(ops), can_drop);
		struct wg_limits limits = world_limits();
		struct wg_cursor end;
		size_t bytes = message_bytes(&steps, limits, (struct wg_cursor){0}, &end);
		assert_int_equal(end.step, steps.count);
		limits.bytes = bytes;
		assert_int_equal(message_bytes(&steps, limits, (struct wg_cursor){0}, &end), bytes);
		assert_int_equal(end.step, steps.count);
		limits.bytes = bytes - 1;
		assert_true(message_bytes(&steps, limits, (struct wg_cursor){0}, &end) < bytes);
		assert_true(end.step < steps.count);
		wg_steps_clear(&steps);
	}
}

/* Each message is as full as possible: with one more piece it would exceed the limit. */
static void every_split_point_gives_the_same_peers(void **state)
{
	struct bench *bench = *state;
	struct peer_op ops[] = {add_of(peer_with_many(bench, 1, 7)),
		add_of(peer_with_many(bench, 2, 0)), add_of(peer_with_many(bench, 3, 11))};
	size_t before = SIZE_MAX;
	for (size_t i = 0; i < COUNT_OF(ops); i++)
		world_put(&bench->world.desired, ops[i].desired);
	assert_int_equal(peer_table_seal(&bench->world.desired, NULL), 0);
	for (size_t bytes = WG_MESSAGE_BYTES_MIN; bytes < SPLIT_BYTES_MAX; bytes++) {
		struct wg_limits limits = world_limits();
		limits.bytes = bytes;
		kernel_model_clear(&bench->model);
		size_t count = run_ops(bench, ops, COUNT_OF(ops), limits);
		world_expect(&bench->model, &bench->world.desired);
		assert_true(count <= before);
		before = count;
	}
	assert_int_equal(before, 2);
}

static void pieces_can_be_built_one_by_one(void **state)
{
	struct bench *bench = *state;
	struct peer_config *many = peer_with_many(bench, 4, 9);
	struct peer_config *fewer = world_peer(&bench->world, (struct world_peer){4});
	fewer->allowed_ips = many->allowed_ips;
	fewer->allowed_ip_count = 3;
	struct wg_limits limits = world_limits();
	struct peer_op ops[] = {update_of(PEER_FIELD_ALLOWED_IPS, fewer, many),
		add_of(peer_with_many(bench, 3, 5))};
	limits.pieces = 1;
	/* The add, and each prefix taken. */
	assert_int_equal(run_ops(bench, ops, COUNT_OF(ops), limits), 7);
}

static void a_limit_that_fits_no_piece_is_an_error(void **state)
{
	struct bench *bench = *state;
	struct peer_op op = add_of(peer_with_many(bench, 1, 2));
	struct wg_steps steps = order(bench, &op, 1, false);
	struct wg_message message = {.piece_count = 4711};
	for (size_t bytes = 0; bytes < 180; bytes++) {
		struct wg_limits limits = {bytes, SIZE_MAX, SIZE_MAX, 1};
		assert_int_equal(wg_encode_steps(&target, &steps, &limits, (struct wg_cursor){0},
					 false, &message),
			-EMSGSIZE);
	}
	assert_int_equal(message.piece_count, 4711);
	wg_steps_clear(&steps);
}

static void the_nest_of_peers_stays_within_its_length(void **state)
{
	struct bench *bench = *state;
	struct peer_op op = add_of(peer_with_many(bench, 1, 5000));
	struct wg_steps steps = order(bench, &op, 1, false);
	struct wg_limits limits = world_limits();
	struct wg_cursor end;
	size_t bytes = message_bytes(&steps, limits, (struct wg_cursor){0}, &end);
	assert_true(bytes <= WG_MESSAGE_BYTES_MAX);
	assert_true(bytes > WG_MESSAGE_BYTES_MAX - 100);
	assert_int_equal(end.step, 0);
	assert_true(run_steps(bench, &steps, &limits) > 2);
	assert_int_equal(bench->model.prefix_count, 5000);
	wg_steps_clear(&steps);
}

static void removals_per_message_have_a_limit(void **state)
{
	struct bench *bench = *state;
	struct peer_op ops[10];
	struct wg_limits limits = world_limits();
	limits.removals = 4;
	for (unsigned i = 0; i < COUNT_OF(ops); i++)
		ops[i] = (struct peer_op){.kind = PEER_OP_REMOVE,
			.actual = world_peer(&bench->world, (struct world_peer){i + 1})};
	assert_int_equal(run_ops(bench, ops, COUNT_OF(ops), limits), 3);
	assert_int_equal(bench->model.removals_max, 4);
}

static void a_moving_prefix_is_stolen_and_not_removed(void **state)
{
	struct bench *bench = *state;
	struct peer_world *world = &bench->world;
	struct peer_op ops[] = {
		update_of(PEER_FIELD_ALLOWED_IPS,
			world_peer(world, (struct world_peer){1, "10.1.0.0/16"}),
			world_peer(world, (struct world_peer){1, "10.1.0.0/16,10.2.0.0/16"})),
		update_of(PEER_FIELD_ALLOWED_IPS,
			world_peer(world, (struct world_peer){2, "10.2.0.0/16"}),
			world_peer(world, (struct world_peer){2, ""})),
	};
	world_put(&world->actual, ops[0].actual);
	world_put(&world->actual, ops[1].actual);
	kernel_model_load(&bench->model, &world->actual);
	run_ops(bench, ops, COUNT_OF(ops), world_limits());
	assert_log(bench, "-- set\nAgICAgIC update +10.2.0.0/16\n");
}

static void a_prefix_that_no_peer_gains_is_removed_by_a_temporary_peer(void **state)
{
	struct bench *bench = *state;
	struct peer_world *world = &bench->world;
	struct peer_op op = update_of(PEER_FIELD_ALLOWED_IPS,
		world_peer(world, (struct world_peer){1, "10.1.0.0/16"}),
		world_peer(world, (struct world_peer){1, "10.1.0.0/16,10.2.0.0/16"}));
	world_put(&world->actual, op.actual);
	kernel_model_load(&bench->model, &world->actual);
	assert_int_equal(run_ops(bench, &op, 1, world_limits()), 1);
	assert_log(bench, "-- set\nY2NjY2Nj +10.2.0.0/16\nY2NjY2Nj remove\n");
}

static void a_prefix_is_removed_directly_if_the_kernel_supports_it(void **state)
{
	struct bench *bench = *state;
	struct peer_world *world = &bench->world;
	struct peer_op op = update_of(PEER_FIELD_ALLOWED_IPS,
		world_peer(world, (struct world_peer){1, "10.1.0.0/16,10.3.0.0/16"}),
		world_peer(world, (struct world_peer){1, "10.1.0.0/16,10.2.0.0/16"}));
	world_put(&world->actual, op.actual);
	kernel_model_load(&bench->model, &world->actual);
	bench->model.can_remove_prefixes = true;
	run_ops(bench, &op, 1, world_limits());
	assert_log(bench, "-- set\nAQEBAQEB update +10.3.0.0/16\nAQEBAQEB update -10.2.0.0/16\n");
}

static void prefixes_are_replaced_only_if_none_of_them_is_wanted(void **state)
{
	struct bench *bench = *state;
	struct peer_world *world = &bench->world;
	struct peer_op op = update_of(PEER_FIELD_ALLOWED_IPS,
		world_peer(world, (struct world_peer){1, "10.3.0.0/16"}),
		world_peer(world, (struct world_peer){1, "10.1.0.0/16,10.2.0.0/16"}));
	run_ops(bench, &op, 1, world_limits());
	assert_log(bench, "-- set\nAQEBAQEB update replace\n");
	log_forget(bench);
	/* One of them moves to another peer. */
	struct peer_op ops[] = {
		op, add_of(world_peer(world, (struct world_peer){2, "10.1.0.0/16"}))};
	run_ops(bench, ops, COUNT_OF(ops), world_limits());
	assert_log(bench, "-- set\nAQEBAQEB update\n"
			  "AgICAgIC replace psk=none +10.1.0.0/16 keepalive=0\n"
			  "Y2NjY2Nj +10.2.0.0/16\nY2NjY2Nj remove\n");
}

static void a_rotated_key_is_added_before_the_old_one_goes_in_one_message(void **state)
{
	struct bench *bench = *state;
	struct peer_world *world = &bench->world;
	struct peer_op ops[] = {
		{.kind = PEER_OP_REMOVE,
			.actual = world_peer(world, (struct world_peer){1, "10.1.0.0/16"})},
		{.kind = PEER_OP_REMOVE,
			.actual = world_peer(world, (struct world_peer){2, "10.9.0.0/16"})},
		add_of(world_peer(world, (struct world_peer){3, "10.1.0.0/16"})),
		add_of(world_peer(world, (struct world_peer){4, "10.4.0.0/16"})),
	};
	assert_int_equal(run_ops(bench, ops, COUNT_OF(ops), world_limits()), 1);
	assert_log(bench, "-- set\nAwMDAwMD replace psk=none +10.1.0.0/16 keepalive=0\n"
			  "AQEBAQEB remove\n"
			  "BAQEBAQE replace psk=none +10.4.0.0/16 keepalive=0\n"
			  "AgICAgIC remove\n");
}

static void device_settings_have_a_message_of_their_own(void **state)
{
	struct bench *bench = *state;
	struct key_secret key = secret_of(9);
	uint16_t port = 4711;
	struct nl_msg *message = wg_encode_device(&target, &key, &port);
	assert_int_equal(kernel_model_set(&bench->model, message), 0);
	wg_message_free(message);
	message = wg_encode_device(&target, NULL, &port);
	assert_int_equal(kernel_model_set(&bench->model, message), 0);
	wg_message_free(message);
	assert_log(bench, "-- set\nport=4711\nkey\n-- set\nport=4711\n");
	assert_true(key_secret_equal(&bench->model.private_key, &key));
}

/* libnl frees the memory. */
static bool freed_a_secret;

void __wrap_nlmsg_free(struct nl_msg *message);
void __real_nlmsg_free(struct nl_msg *message);
void __wrap_nlmsg_free(struct nl_msg *message)
{
	struct key_secret secret = secret_of(9);
	if (message && memmem(nlmsg_hdr(message), nlmsg_get_max_size(message), secret.bytes,
			       sizeof secret.bytes))
		freed_a_secret = true;
	__real_nlmsg_free(message);
}

static void a_message_with_a_key_is_wiped_before_it_is_freed(void **state)
{
	struct key_secret key = secret_of(9);
	struct nl_msg *message = wg_encode_device(&target, &key, NULL);
	assert_non_null(memmem(
		nlmsg_hdr(message), nlmsg_get_max_size(message), key.bytes, sizeof key.bytes));
	wg_message_free(message);
	assert_false(freed_a_secret);
}

static void a_request_for_the_device_names_it_by_its_index(void **state)
{
	struct nl_msg *message = wg_encode_get(&target);
	struct nlattr *attributes[WGDEVICE_A_MAX + 1];
	assert_int_equal(
		nlmsg_parse(nlmsg_hdr(message), GENL_HDRLEN, attributes, WGDEVICE_A_MAX, NULL), 0);
	assert_int_equal(nla_get_u32(attributes[WGDEVICE_A_IFINDEX]), MODEL_INDEX);
	assert_null(attributes[WGDEVICE_A_IFNAME]);
	assert_int_equal(nlmsg_hdr(message)->nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
	wg_message_free(message);
}

/* What must hold after each change, however small. */
struct witness {
	const struct peer_world *world;
	size_t looks;
};

static const struct key_public *owner_in(
	const struct peer_table *table, const struct prefix *prefix)
{
	for (size_t i = 0; i < table->count; i++)
		if (peer_has_allowed_ip(&table->peers[i], prefix))
			return &table->peers[i].public_key;
	return NULL;
}

static void prefixes_are_where_they_belong(void *impl, const struct kernel_model *model)
{
	struct witness *witness = impl;
	const struct peer_table *actual = &witness->world->actual;
	witness->looks++;
	for (size_t i = 0; i < actual->count; i++) {
		const struct peer_config *peer = &actual->peers[i];
		for (size_t k = 0; k < peer->allowed_ip_count; k++) {
			const struct prefix *prefix = &peer->allowed_ips[k];
			const struct key_public *after = owner_in(&witness->world->desired, prefix);
			if (!after)
				continue;
			const struct key_public *now = kernel_model_owner(model, prefix);
			if (!now || (!key_public_equal(now, &peer->public_key) &&
					    !key_public_equal(now, after)))
				fail_msg(
					"%s was away:\n%s", prefix_format(prefix).text, model->log);
		}
	}
}

/* A random device becomes another, and no prefix that stays is ever absent on the way. */
static void change_at_random(uint32_t seed, size_t bytes, bool can_remove_prefixes)
{
	struct peer_world world = {.random = seed * 2654435761u | 1};
	struct kernel_model model = {.can_remove_prefixes = can_remove_prefixes,
		.policy = can_remove_prefixes ? WG_PREFIX_REMOVAL_YES : WG_PREFIX_REMOVAL_NO};
	struct witness witness = {&world, 0};
	world_draw(&world);
	kernel_model_load(&model, &world.actual);
	model.observe = prefixes_are_where_they_belong;
	model.observer = &witness;
	size_t count = peer_diff_op_count(&world.diff);
	struct peer_op_result results[32];
	struct wg_limits limits = {
		bytes, 1 + world_roll(&world, 4), SIZE_MAX, world_roll(&world, 9)};
	struct wg_apply apply = world_apply(&model, limits);
	assert_true(count <= COUNT_OF(results));
	wg_apply_ops(&apply, &target, world.diff.ops, count, results, NULL);
	for (size_t i = 0; i < count; i++)
		if (results[i].error)
			fail_msg("seed %u: %s\n%s", seed, results[i].error_text, model.log);
	world_expect(&model, &world.desired);
	assert_true(model.bytes_max <= bytes);
	assert_true(count == 0 || witness.looks > 0);
	kernel_model_clear(&model);
	peer_world_clear(&world);
}

static void no_prefix_that_stays_is_ever_absent_at_any_limit(void **state)
{
	for (size_t bytes = WG_MESSAGE_BYTES_MIN; bytes < SPLIT_BYTES_MAX; bytes++)
		for (uint32_t seed = 1; seed < 12; seed++)
			change_at_random(seed + 1000 * (uint32_t)bytes, bytes, seed % 3 == 0);
}

static void no_prefix_that_stays_is_ever_absent_in_one_message(void **state)
{
	for (uint32_t seed = 1; seed < 3000; seed++)
		change_at_random(seed, WG_MESSAGE_BYTES_MAX, seed % 3 == 0);
}

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(an_add_sets_the_peer_whole),
		BENCH_TEST(an_add_clears_fields_that_the_peer_must_not_have),
		BENCH_TEST(an_update_sends_the_fields_of_its_mask_alone),
		BENCH_TEST(a_psk_and_a_keepalive_are_cleared_by_zero),
		BENCH_TEST(nothing_to_change_is_no_step),
		BENCH_TEST(later_parts_of_a_peer_only_update),
		BENCH_TEST(endpoints_have_their_own_family_and_zone),
		BENCH_TEST(an_endpoint_that_cannot_be_sent_fails_its_operation_alone),
		BENCH_TEST(sizes_are_exact),
		BENCH_TEST(every_split_point_gives_the_same_peers),
		BENCH_TEST(pieces_can_be_built_one_by_one),
		BENCH_TEST(a_limit_that_fits_no_piece_is_an_error),
		BENCH_TEST(the_nest_of_peers_stays_within_its_length),
		BENCH_TEST(removals_per_message_have_a_limit),
		BENCH_TEST(a_moving_prefix_is_stolen_and_not_removed),
		BENCH_TEST(a_prefix_that_no_peer_gains_is_removed_by_a_temporary_peer),
		BENCH_TEST(a_prefix_is_removed_directly_if_the_kernel_supports_it),
		BENCH_TEST(prefixes_are_replaced_only_if_none_of_them_is_wanted),
		BENCH_TEST(a_rotated_key_is_added_before_the_old_one_goes_in_one_message),
		BENCH_TEST(device_settings_have_a_message_of_their_own),
		cmocka_unit_test(a_message_with_a_key_is_wiped_before_it_is_freed),
		BENCH_TEST(a_request_for_the_device_names_it_by_its_index),
		cmocka_unit_test(no_prefix_that_stays_is_ever_absent_at_any_limit),
		cmocka_unit_test(no_prefix_that_stays_is_ever_absent_in_one_message),
	};
	return cmocka_run_group_tests_name("wg_encode", tests, NULL, NULL);
}
