/* SPDX-License-Identifier: Apache-2.0 */
/* WireGuard's socket, with a model of the kernel behind the calls that send, wait and receive. */
#include "harness.h"

#include "peer_world.h"
#include "wg_dump_maker.h"
#include "wg_netlink.h"
#include "wg_socket.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <poll.h>
#include <sys/socket.h>

/* The places of the three policies among those that the kernel lists. */
enum { ROOT = 0, PEER = 3, PREFIX = 5, ODD = 9 };

struct fake {
	struct kernel_model model;
	struct dump answer; /* what is still to be received */
	size_t received;
	unsigned torn;       /* so many dumps from now on */
	bool is_silent;      /* the next request has no answer in time */
	bool has_late;       /* that answer is still to come */
	bool is_cut;         /* the next datagram is longer than any buffer */
	bool tells_nests;    /* the policy dump follows nested attributes */
	bool tells_flags;    /* and knows of flags of a prefix */
	int policy_error;    /* it has no such dump */
	size_t dump_count;   /* device dumps requested */
	size_t policy_count; /* policy dumps requested */
};

static struct fake fake;

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *header, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *header, int flags);

static struct nl_msg *reply_begin(int type, int flags, uint8_t command)
{
	struct nl_msg *message = nlmsg_alloc_size(1024);
	assert_non_null(genlmsg_put(message, 0, 0, type, 0, flags, command, 1));
	return message;
}

static void family_answer(void)
{
	struct nl_msg *message = reply_begin(GENL_ID_CTRL, 0, CTRL_CMD_NEWFAMILY);
	nla_put_u16(message, CTRL_ATTR_FAMILY_ID, MODEL_FAMILY);
	dump_put_message(&fake.answer, message);
	dump_put_error(&fake.answer, 0, NULL);
}

/* One attribute of one policy, and the policy that it leads to if that is not 0. */
static void policy_put(int policy, int attribute, unsigned leads_to)
{
	struct nl_msg *message = reply_begin(GENL_ID_CTRL, NLM_F_MULTI, CTRL_CMD_GETPOLICY);
	struct nlattr *all = nla_nest_start(message, CTRL_ATTR_POLICY);
	struct nlattr *one = nla_nest_start(message, policy);
	struct nlattr *description = nla_nest_start(message, attribute);
	nla_put_u32(message, NL_POLICY_TYPE_ATTR_TYPE, NL_ATTR_TYPE_NESTED_ARRAY);
	if (leads_to)
		nla_put_u32(message, NL_POLICY_TYPE_ATTR_POLICY_IDX, leads_to);
	nla_nest_end(message, description);
	nla_nest_end(message, one);
	nla_nest_end(message, all);
	dump_put_message(&fake.answer, message);
}

static void operation_put(uint8_t command, uint32_t policy)
{
	struct nl_msg *message = reply_begin(GENL_ID_CTRL, NLM_F_MULTI, CTRL_CMD_GETPOLICY);
	struct nlattr *all = nla_nest_start(message, CTRL_ATTR_OP_POLICY);
	struct nlattr *one = nla_nest_start(message, command);
	nla_put_u32(message, CTRL_ATTR_POLICY_DO, policy);
	nla_nest_end(message, one);
	nla_nest_end(message, all);
	dump_put_message(&fake.answer, message);
}

/* A policy that no attribute leads to has such an attribute, too. */
static void policy_answer(void)
{
	fake.policy_count++;
	if (fake.policy_error) {
		dump_put_error(&fake.answer, fake.policy_error, NULL);
		return;
	}
	operation_put(WG_CMD_GET_DEVICE, ODD);
	operation_put(WG_CMD_SET_DEVICE, ROOT);
	policy_put(ODD, WG_ALLOWEDIP_A_FLAGS, 0);
	policy_put(PREFIX, WGALLOWEDIP_A_CIDR_MASK, 0);
	if (fake.tells_flags)
		policy_put(PREFIX, WG_ALLOWEDIP_A_FLAGS, 0);
	policy_put(PEER, WGPEER_A_ALLOWEDIPS, fake.tells_nests ? PREFIX : 0);
	policy_put(ROOT, WGDEVICE_A_PEERS, fake.tells_nests ? PEER : 0);
	dump_put_done(&fake.answer, 0);
}

static void device_answer(void)
{
	struct device device = {0};
	fake.dump_count++;
	kernel_model_read(&fake.model, &device);
	dump_put_device(&fake.answer, &device.peers, ~0u);
	device_clear(&device);
	if (fake.torn) {
		fake.torn--;
		struct nlmsghdr *last =
			(struct nlmsghdr *)fake.answer.datagrams[fake.answer.count - 1];
		last->nlmsg_flags |= NLM_F_DUMP_INTR;
	}
}

static void set_answer(const struct nlmsghdr *request)
{
	struct nl_msg *message = nlmsg_convert((struct nlmsghdr *)(uintptr_t)request);
	assert_non_null(message);
	dump_put_error(&fake.answer, kernel_model_set(&fake.model, message), NULL);
	nlmsg_free(message);
}

static void answer(const struct nlmsghdr *request)
{
	const struct genlmsghdr *header = nlmsg_data(request);
	if (request->nlmsg_type == GENL_ID_CTRL && header->cmd == CTRL_CMD_GETFAMILY)
		family_answer();
	else if (request->nlmsg_type == GENL_ID_CTRL)
		policy_answer();
	else if (header->cmd == WG_CMD_GET_DEVICE)
		device_answer();
	else
		set_answer(request);
}

/* The late answer to an earlier request comes before the next answer. */
ssize_t __wrap_sendmsg(int fd, const struct msghdr *header, int flags)
{
	ssize_t sent = 0;
	if (!fake.has_late)
		dump_clear(&fake.answer);
	fake.has_late = false;
	fake.received = 0;
	for (size_t part = 0; part < header->msg_iovlen; part++) {
		const struct nlmsghdr *request = header->msg_iov[part].iov_base;
		size_t before = fake.answer.count;
		assert_int_equal(request->nlmsg_len, header->msg_iov[part].iov_len);
		assert_int_equal(request->nlmsg_len % NLMSG_ALIGNTO, 0);
		answer(request);
		for (size_t i = before; i < fake.answer.count; i++)
			((struct nlmsghdr *)fake.answer.datagrams[i])->nlmsg_seq =
				request->nlmsg_seq;
		sent += request->nlmsg_len;
	}
	return sent;
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	if (count == 0)
		return 0;
	if (fake.is_silent) {
		fake.is_silent = false;
		fake.has_late = true;
		return 0;
	}
	assert_true(fake.received < fake.answer.count);
	fds->revents = POLLIN;
	return 1;
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *header, int flags)
{
	if (fake.is_silent || fake.received == fake.answer.count) {
		errno = EAGAIN;
		return -1;
	}
	const unsigned char *bytes = fake.answer.datagrams[fake.received];
	size_t length = fake.answer.lengths[fake.received++];
	assert_true(length <= header->msg_iov->iov_len);
	memcpy(header->msg_iov->iov_base, bytes, length);
	memset(header->msg_name, 0, header->msg_namelen);
	header->msg_flags = fake.is_cut ? MSG_TRUNC : 0;
	fake.is_cut = false;
	return (ssize_t)length;
}

struct bench {
	struct peer_world world;
	struct wg_socket wg;
	struct device device;
};

static int bench_setup(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);
	*state = bench;
	fake = (struct fake){0};
	assert_int_equal(wg_socket_open(&bench->wg, NULL), 0);
	world_put(&bench->world.actual,
		world_peer(&bench->world,
			(struct world_peer){1, "10.1.0.0/16,10.2.0.0/16", NULL, 0, 0}));
	world_put(&bench->world.actual,
		world_peer(&bench->world, (struct world_peer){2, "10.3.0.0/16", NULL, 5, 9}));
	assert_int_equal(peer_table_seal(&bench->world.actual, NULL), 0);
	kernel_model_load(&fake.model, &bench->world.actual);
	return 0;
}

static int bench_teardown(void **state)
{
	struct bench *bench = *state;
	device_clear(&bench->device);
	wg_socket_close(&bench->wg);
	peer_world_clear(&bench->world);
	kernel_model_clear(&fake.model);
	dump_clear(&fake.answer);
	free(bench);
	return 0;
}

static int read_again(struct bench *bench, struct diag *diag)
{
	device_clear(&bench->device);
	return wg_socket_read(&bench->wg, MODEL_INDEX, &bench->device, diag);
}

static void expect_whole(struct bench *bench)
{
	assert_int_equal(bench->device.listen_port, DUMP_PORT);
	assert_int_equal(bench->device.peers.count, 2);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(peer_config_difference(&bench->world.actual.peers[i],
					 &bench->device.peers.peers[i]),
			0);
}

static void a_device_is_read_each_time(void **state)
{
	struct bench *bench = *state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(read_again(bench, NULL), 0);
		expect_whole(bench);
	}
	assert_int_equal(fake.dump_count, 3);
	assert_int_equal(bench->wg.netlink.sent_count, 4); /* and once for the family */
}

static void a_torn_dump_is_read_again(void **state)
{
	struct bench *bench = *state;
	fake.torn = 2;
	assert_int_equal(read_again(bench, NULL), 0);
	expect_whole(bench);
	assert_int_equal(fake.dump_count, 3);
}

static void a_device_that_keeps_changing_is_given_up(void **state)
{
	struct bench *bench = *state;
	struct diag diag = {0};
	fake.torn = 1000;
	assert_int_equal(read_again(bench, &diag), -EINTR);
	assert_string_equal(diag_text(&diag), "the device kept changing while it was read");
	assert_int_equal(fake.dump_count, 5);
	assert_int_equal(bench->device.peers.count, 0);
	diag_clear(&diag);
}

static void a_datagram_that_was_cut_costs_one_read(void **state)
{
	struct bench *bench = *state;
	assert_int_equal(read_again(bench, NULL), 0);
	fake.is_cut = true;
	assert_int_equal(read_again(bench, NULL), -EIO);
	assert_null(bench->wg.netlink.sock);
	assert_int_equal(read_again(bench, NULL), 0);
	expect_whole(bench);
}

static void a_missing_answer_times_out_and_a_late_one_is_skipped(void **state)
{
	struct bench *bench = *state;
	assert_int_equal(read_again(bench, NULL), 0);
	fake.is_silent = true;
	assert_int_equal(read_again(bench, NULL), -ETIMEDOUT);
	assert_null(bench->wg.netlink.sock);
	assert_int_equal(read_again(bench, NULL), 0);
	assert_int_equal(fake.received, fake.answer.count);
	expect_whole(bench);
}

/* Its module was unloaded, and is loaded again with another number. */
static void a_family_that_is_gone_is_looked_up_again(void **state)
{
	struct bench *bench = *state;
	const struct wg_target target = {MODEL_FAMILY, MODEL_INDEX};
	const struct key_public key = bench->world.actual.peers[0].public_key;
	struct nl_msg *message = wg_encode_remove(&target, &key);
	uint16_t family = 0;
	assert_int_equal(read_again(bench, NULL), 0);
	kernel_model_refuse(&fake.model, (struct model_refusal){.key = key, .error = -ENOENT});
	assert_int_equal(wg_socket_set(&bench->wg, message, NULL, NULL), -ENOENT);
	wg_message_free(message);
	size_t sent_count = bench->wg.netlink.sent_count;
	assert_int_equal(wg_socket_family(&bench->wg, &family, NULL), 0);
	assert_int_equal(family, MODEL_FAMILY);
	assert_int_equal(bench->wg.netlink.sent_count, sent_count + 1);
	assert_int_equal(wg_socket_family(&bench->wg, &family, NULL), 0);
	assert_int_equal(bench->wg.netlink.sent_count, sent_count + 1);
}

static void reading_the_settings_does_not_disturb_the_rest_of_the_dump(void **state)
{
	struct bench *bench = *state;
	assert_int_equal(wg_socket_read_settings(&bench->wg, MODEL_INDEX, &bench->device, NULL), 0);
	assert_int_equal(bench->device.listen_port, DUMP_PORT);
	assert_int_equal(bench->device.peers.count, 0);
	assert_int_equal(fake.received, 1);
	assert_true(fake.answer.count > 1);
	assert_int_equal(read_again(bench, NULL), 0);
	expect_whole(bench);
}

/* So many requests to remove the peers of these numbers. */
static void removals_send(struct bench *bench, struct netlink_request *requests,
	const unsigned *numbers, size_t count)
{
	struct wg_target target = {.index = MODEL_INDEX};
	assert_int_equal(wg_socket_family(&bench->wg, &target.family, NULL), 0);
	for (size_t i = 0; i < count; i++) {
		struct key_public key = world_key(numbers[i]);
		requests[i] = (struct netlink_request){.message = wg_encode_remove(&target, &key)};
	}
	wg_socket_set_all(&bench->wg, requests, count);
	for (size_t i = 0; i < count; i++)
		wg_message_free(requests[i].message);
}

static void requests_forget(struct netlink_request *requests, size_t count)
{
	for (size_t i = 0; i < count; i++)
		diag_clear(&requests[i].diag);
}

/* Of three probes, the one for an existing peer is refused. */
static void requests_that_go_at_once_are_answered_each(void **state)
{
	struct bench *bench = *state;
	struct wg_target target = {.index = MODEL_INDEX};
	assert_int_equal(wg_socket_family(&bench->wg, &target.family, NULL), 0);
	for (unsigned refused = 0; refused < 3; refused++) {
		struct netlink_request requests[3] = {0};
		size_t sent_count = bench->wg.netlink.sent_count;
		for (unsigned i = 0; i < 3; i++) {
			struct key_public key = world_key(i == refused ? 1 : 100 + i);
			requests[i].message = wg_encode_presence_probe(&target, &key);
		}
		wg_socket_set_all(&bench->wg, requests, 3);
		assert_int_equal(bench->wg.netlink.sent_count, sent_count + 1);
		for (unsigned i = 0; i < 3; i++) {
			assert_int_equal(requests[i].error, i == refused ? -EINVAL : 0);
			assert_int_equal(requests[i].is_refused, i == refused);
			wg_message_free(requests[i].message);
		}
		assert_string_equal(diag_text(&requests[refused].diag), "Invalid argument");
		requests_forget(requests, 3);
	}
	assert_int_equal(read_again(bench, NULL), 0);
	expect_whole(bench);
}

static void requests_without_an_answer_all_fail_and_the_socket_is_reopened(void **state)
{
	static const unsigned numbers[] = {1, 2};
	struct bench *bench = *state;
	struct netlink_request requests[2];
	uint16_t family;
	assert_int_equal(wg_socket_family(&bench->wg, &family, NULL), 0);
	fake.is_silent = true;
	removals_send(bench, requests, numbers, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(requests[i].error, -ETIMEDOUT);
		assert_false(requests[i].is_refused);
		assert_true(*diag_text(&requests[i].diag));
	}
	requests_forget(requests, 2);
	assert_int_equal(read_again(bench, NULL), 0);
	assert_int_equal(bench->device.peers.count, 0);
}

static int channel_read(void *impl, int index, struct device *ret, struct diag *diag)
{
	return wg_socket_read(impl, index, ret, diag);
}

static int channel_ask(void *impl, enum wg_prefix_removal *ret, struct diag *diag)
{
	return wg_socket_ask_prefix_removal(impl, ret, diag);
}

/* Remove one prefix of a peer, by the way that this kernel supports. */
static void prefix_remove(struct bench *bench, enum wg_prefix_removal learned, size_t sets)
{
	struct wg_apply apply = {
		.channel = {wg_socket_set, wg_socket_set_all, channel_read, channel_ask,
			&bench->wg},
		.limits = world_limits(),
		.random_bytes = world_random_bytes,
		.zone_index = world_zone_index,
		.peer_count_seen = SIZE_MAX,
	};
	struct wg_target target = {.index = MODEL_INDEX};
	struct peer_config fewer = bench->world.actual.peers[0];
	struct peer_op op = {
		PEER_OP_UPDATE, PEER_FIELD_ALLOWED_IPS, &fewer, &bench->world.actual.peers[0]};
	struct peer_op_result result;
	struct prefix kept = prefix_of("10.1.0.0/16"), gone = prefix_of("10.2.0.0/16");
	fewer.allowed_ip_count = 1;
	assert_int_equal(wg_socket_family(&bench->wg, &target.family, NULL), 0);
	wg_apply_ops(&apply, &target, &op, 1, &result, NULL);
	assert_int_equal(result.error, 0);
	assert_int_equal(apply.prefix_removal, learned);
	assert_int_equal(fake.model.set_count, sets);
	assert_int_equal(fake.policy_count, 1);
	assert_non_null(kernel_model_owner(&fake.model, &kept));
	assert_null(kernel_model_owner(&fake.model, &gone));
	assert_int_equal(fake.model.peer_count, 2);
	bool is_dropped = strstr(fake.model.log, " update -10.2.0.0/16") != NULL;
	assert_int_equal(is_dropped, learned == WG_PREFIX_REMOVAL_YES);
}

static void a_kernel_that_lists_prefix_flags_removes_single_prefixes(void **state)
{
	fake.tells_nests = fake.tells_flags = fake.model.can_remove_prefixes = true;
	prefix_remove(*state, WG_PREFIX_REMOVAL_YES, 1);
}

static void a_kernel_that_lists_prefixes_without_flags_is_not_tried(void **state)
{
	fake.tells_nests = true;
	prefix_remove(*state, WG_PREFIX_REMOVAL_NO, 1);
}

/* As all kernels so far: if they do not list the flag, the temporary peer is used to try it. */
static void a_kernel_that_lists_no_prefixes_is_tried(void **state)
{
	fake.tells_flags = fake.model.can_remove_prefixes = true;
	prefix_remove(*state, WG_PREFIX_REMOVAL_YES, 2);
}

static void a_kernel_that_lists_no_prefixes_and_lacks_support_is_detected(void **state)
{
	prefix_remove(*state, WG_PREFIX_REMOVAL_NO, 3);
}

static void a_kernel_without_a_policy_dump_has_no_support(void **state)
{
	fake.policy_error = -EOPNOTSUPP;
	prefix_remove(*state, WG_PREFIX_REMOVAL_NO, 1);
}

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(a_device_is_read_each_time),
		BENCH_TEST(a_torn_dump_is_read_again),
		BENCH_TEST(a_device_that_keeps_changing_is_given_up),
		BENCH_TEST(a_datagram_that_was_cut_costs_one_read),
		BENCH_TEST(a_missing_answer_times_out_and_a_late_one_is_skipped),
		BENCH_TEST(requests_that_go_at_once_are_answered_each),
		BENCH_TEST(requests_without_an_answer_all_fail_and_the_socket_is_reopened),
		BENCH_TEST(a_family_that_is_gone_is_looked_up_again),
		BENCH_TEST(reading_the_settings_does_not_disturb_the_rest_of_the_dump),
		BENCH_TEST(a_kernel_that_lists_prefix_flags_removes_single_prefixes),
		BENCH_TEST(a_kernel_that_lists_prefixes_without_flags_is_not_tried),
		BENCH_TEST(a_kernel_that_lists_no_prefixes_is_tried),
		BENCH_TEST(a_kernel_that_lists_no_prefixes_and_lacks_support_is_detected),
		BENCH_TEST(a_kernel_without_a_policy_dump_has_no_support),
	};
	return cmocka_run_group_tests_name("wg_socket", tests, NULL, NULL);
}
