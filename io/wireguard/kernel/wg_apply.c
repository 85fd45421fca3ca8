/* SPDX-License-Identifier: Apache-2.0 */
#include "wg_apply.h"

#include "allowed_ip_moves.h"
#include "diag.h"
#include "executor.h"
#include "wg_netlink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The execution of one operation list. */
struct job {
	struct wg_apply *apply;
	const struct wg_target *target;
	const struct peer_op *ops;
	size_t op_count;
	struct peer_op_result *results;
	struct key_public temporary_key; /* one for the whole list */
	const struct pause *pause;
};

static void results_fail(struct job *job, int error, const struct diag *diag)
{
	for (size_t i = 0; i < job->op_count; i++)
		peer_op_result_fail(&job->results[i], error, diag);
}

/* Send and free the message; NULL means out of memory. */
static int message_send(
	struct wg_apply *apply, struct nl_msg *message, bool *ret_refused, struct diag *diag)
{
	*ret_refused = false;
	int error = message ? apply->channel.set(apply->channel.impl, message, ret_refused, diag)
			    : diag_fail_errno(diag, -ENOMEM);
	wg_message_free(message);
	return error;
}

static int job_order(struct job *job, struct wg_steps *ret)
{
	struct wg_order_input input = {
		.ops = job->ops,
		.op_count = job->op_count,
		.can_drop = job->apply->prefix_removal == WG_PREFIX_REMOVAL_YES,
		.temporary_key = &job->temporary_key,
		.zone_index = job->apply->zone_index,
	};
	return wg_order(&input, job->results, ret);
}

static const struct wg_step *steal_step_find(const struct wg_steps *steps)
{
	for (size_t i = 0; i < steps->count; i++)
		if (steps->steps[i].kind == WG_STEP_STEAL)
			return &steps->steps[i];
	return NULL;
}

/*
 * Try to remove a prefix from the temporary peer, which has none. A listed peer will not do: if
 * another program has just removed it, the kernel accepts anything.
 */
static void prefix_removal_try(struct job *job, const struct prefix *prefix)
{
	struct wg_apply *apply = job->apply;
	const struct key_public *key = &job->temporary_key;
	struct wg_step list[] = {
		{.kind = WG_STEP_SET, .key = key},
		{.kind = WG_STEP_REMOVE_ALLOWED_IPS,
			.key = key,
			.flags = WGPEER_F_UPDATE_ONLY,
			.prefixes = prefix,
			.prefix_count = 1},
		{.kind = WG_STEP_REMOVE, .key = key, .flags = WGPEER_F_REMOVE_ME},
	};
	struct wg_steps steps = {.steps = list, .count = sizeof list / sizeof list[0]};
	struct wg_limits limits = {SIZE_MAX, SIZE_MAX, SIZE_MAX, 1};
	struct wg_message message;
	bool is_refused;
	if (wg_encode_steps(job->target, &steps, &limits, (struct wg_cursor){0}, false, &message))
		return;
	int error = message_send(apply, message.message, &is_refused, NULL);
	if (!error)
		apply->prefix_removal = WG_PREFIX_REMOVAL_YES;
	else if (is_refused && !wg_error_is_of_device(error))
		apply->prefix_removal = WG_PREFIX_REMOVAL_NO;
	/* If this fails, the steal step that follows removes the temporary peer. */
	if (error)
		(void)message_send(apply, wg_encode_remove(job->target, key), &is_refused, NULL);
}

static void prefix_removal_learn(struct job *job, const struct prefix *prefix)
{
	struct wg_apply *apply = job->apply;
	if (apply->prefix_removal == WG_PREFIX_REMOVAL_UNKNOWN) {
		int error = apply->channel.ask_prefix_removal(
			apply->channel.impl, &apply->prefix_removal, NULL);
		/* Kernels without CTRL_CMD_GETPOLICY are older than the removal. */
		if (error == -EOPNOTSUPP || error == -EINVAL)
			apply->prefix_removal = WG_PREFIX_REMOVAL_NO;
	}
	if (apply->prefix_removal == WG_PREFIX_REMOVAL_UNSAID)
		prefix_removal_try(job, prefix);
}

static void job_run(struct job *job)
{
	struct wg_apply *apply = job->apply;
	struct wg_steps steps;
	int error = job_order(job, &steps);
	const struct wg_step *steal = error ? NULL : steal_step_find(&steps);
	if (steal && apply->prefix_removal != WG_PREFIX_REMOVAL_NO) {
		prefix_removal_learn(job, &steal->prefixes[0]);
		wg_steps_clear(&steps);
		error = job_order(job, &steps);
	}
	if (error) {
		struct diag diag = {0};
		diag_fail_errno(&diag, error);
		results_fail(job, error, &diag);
		diag_clear(&diag);
		return;
	}
	struct wg_batch batch = {
		.sender = {apply->channel.set, apply->channel.set_all, apply->channel.impl},
		.target = *job->target,
		.limits = apply->limits,
		.temporary_key = &job->temporary_key,
		.pause = job->pause,
	};
	wg_batch_run(&batch, &steps, job->results);
	wg_steps_clear(&steps);
}

static int key_of_op_compare(const void *key, const void *op)
{
	return key_public_compare(key, peer_op_key(op));
}

/* Whether the first `count` operations remove every peer of the device. */
static bool device_has_no_other(const struct job *job, size_t count)
{
	struct wg_channel *channel = &job->apply->channel;
	struct device device = {0};
	if (channel->read(channel->impl, job->target->index, &device, NULL) != 0)
		return false;
	bool has_other = false;
	for (size_t i = 0; i < device.peers.count && !has_other; i++)
		has_other = !bsearch(&device.peers.peers[i].public_key, job->ops, count,
			sizeof *job->ops, key_of_op_compare);
	device_clear(&device);
	return !has_other;
}

static bool removed_prefixes_are_wanted(const struct job *job, size_t removal_count)
{
	struct prefix_gains gains;
	bool is_wanted = false;
	size_t gainer;
	if (prefix_gains_collect(job->ops, job->op_count, NULL, &gains) != 0)
		return true;
	for (size_t i = 0; i < removal_count && !is_wanted; i++) {
		const struct peer_config *peer = job->ops[i].actual;
		for (size_t k = 0; k < peer->allowed_ip_count && !is_wanted; k++)
			is_wanted = prefix_gains_find(&gains, &peer->allowed_ips[k], &gainer);
	}
	prefix_gains_clear(&gains);
	return is_wanted;
}

/*
 * Remove all peers by one request if none survives, which is much faster than one by one. Returns
 * the number of operations that this completes.
 */
static size_t job_remove_all(struct job *job)
{
	size_t removal_count = 0;
	while (removal_count < job->op_count && job->ops[removal_count].kind == PEER_OP_REMOVE)
		removal_count++;
	bool has_update =
		removal_count < job->op_count && job->ops[removal_count].kind == PEER_OP_UPDATE;
	if (removal_count == 0 || has_update || removal_count < job->apply->peer_count_seen ||
		removed_prefixes_are_wanted(job, removal_count) ||
		!device_has_no_other(job, removal_count))
		return 0;
	struct diag diag = {0};
	bool is_refused;
	int error = message_send(job->apply, wg_encode_remove_all(job->target), &is_refused, &diag);
	for (size_t i = 0; error && i < removal_count; i++)
		peer_op_result_fail(&job->results[i], error, &diag);
	diag_clear(&diag);
	return removal_count;
}

/* Repeat the successful updates that lose prefixes, against the peers now on the device. */
static size_t losers_collect(
	const struct job *job, const struct device *device, struct peer_op *ret, size_t *ret_from)
{
	size_t count = 0;
	for (size_t i = 0; i < job->op_count; i++) {
		const struct peer_op *op = &job->ops[i];
		if (op->kind != PEER_OP_UPDATE || job->results[i].error ||
			!peer_op_loses_prefixes(op))
			continue;
		struct peer_op again = {
			.kind = PEER_OP_UPDATE,
			.fields = PEER_FIELD_ALLOWED_IPS,
			.desired = op->desired,
			.actual = peer_table_find(&device->peers, peer_op_key(op)),
		};
		if (!again.actual || !peer_op_loses_prefixes(&again))
			continue;
		ret_from[count] = i;
		ret[count++] = again;
	}
	return count;
}

static void losers_run(struct job *job, const struct device *device)
{
	struct job again = *job;
	struct peer_op *ops = calloc(job->op_count, sizeof *ops);
	struct peer_op_result *results = calloc(job->op_count, sizeof *results);
	size_t *from = calloc(job->op_count, sizeof *from);
	if (ops && results && from) {
		again.ops = ops;
		again.results = results;
		again.op_count = losers_collect(job, device, ops, from);
		if (again.op_count)
			job_run(&again);
		for (size_t i = 0; i < again.op_count; i++)
			if (results[i].error)
				job->results[from[i]] = results[i];
	}
	free(ops);
	free(results);
	free(from);
}

/* Cancelled operations do not count: the next cycle does them. */
static bool job_has_failures(const struct job *job)
{
	for (size_t i = 0; i < job->op_count; i++)
		if (job->results[i].error && job->ops[i].kind != PEER_OP_REMOVE)
			return true;
	return false;
}

static bool job_has_losers(const struct job *job)
{
	for (size_t i = 0; i < job->op_count; i++)
		if (!job->results[i].error && peer_op_loses_prefixes(&job->ops[i]))
			return true;
	return false;
}

/*
 * A prefix that moves is not removed from the peer that loses it: the gain steals it. If the gain
 * failed, the prefix may still be at the loser. Read the device again and remove it there.
 */
static void job_recheck_losers(struct job *job)
{
	struct wg_channel *channel = &job->apply->channel;
	struct device device = {0};
	if (pause_take(job->pause) || !job_has_failures(job) || !job_has_losers(job) ||
		channel->read(channel->impl, job->target->index, &device, NULL) != 0)
		return;
	losers_run(job, &device);
	device_clear(&device);
}

void wg_apply_ops(struct wg_apply *apply, const struct wg_target *target, const struct peer_op *ops,
	size_t op_count, struct peer_op_result *results, const struct pause *pause)
{
	for (size_t i = 0; i < op_count; i++)
		results[i] = (struct peer_op_result){0};
	struct job job = {.apply = apply,
		.target = target,
		.ops = ops,
		.op_count = op_count,
		.results = results,
		.pause = pause};
	apply->random_bytes(job.temporary_key.bytes, sizeof job.temporary_key.bytes);
	/* An encoded curve point has its highest bit clear. */
	job.temporary_key.bytes[KEY_BYTES - 1] &= 0x7f;
	size_t done = job_remove_all(&job);
	job.ops += done;
	job.results += done;
	job.op_count -= done;
	if (job.op_count == 0)
		return;
	job_run(&job);
	job_recheck_losers(&job);
}

static int op_run(struct wg_apply *apply, const struct wg_target *target, const struct peer_op *op,
	struct diag *diag)
{
	struct peer_op_result result;
	wg_apply_ops(apply, target, op, 1, &result, NULL);
	if (result.error)
		diag_fail(diag, result.error, "%s", result.error_text ? result.error_text : "");
	free(result.error_text);
	return result.error;
}

/* Whether the peer is there, without reading the whole device. */
static int presence_probe(struct wg_apply *apply, const struct wg_target *target,
	const struct key_public *key, bool *ret, struct diag *diag)
{
	bool is_refused;
	int error = message_send(apply, wg_encode_presence_probe(target, key), &is_refused, diag);
	if (error && (!is_refused || wg_error_is_of_device(error)))
		return error;
	*ret = error != 0;
	return 0;
}

/* Compare the operation with the peer on the device; an add becomes an update. */
static struct peer_op op_refresh(const struct peer_op *op, const struct peer_config *actual)
{
	struct peer_op fresh = *op;
	fresh.kind = PEER_OP_UPDATE;
	fresh.actual = actual;
	if (op->kind == PEER_OP_ADD) {
		fresh.fields = peer_config_difference(op->desired, actual);
		if (!endpoint_equal(&op->desired->endpoint, &actual->endpoint))
			fresh.fields |= PEER_FIELD_ENDPOINT;
	}
	return fresh;
}

int wg_apply_set(struct wg_apply *apply, const struct wg_target *target, const struct peer_op *op,
	struct diag *diag)
{
	bool is_there = true;
	int error = 0;
	if (op->kind == PEER_OP_ADD)
		error = presence_probe(apply, target, peer_op_key(op), &is_there, diag);
	if (error)
		return error;
	if (!is_there || (op->kind == PEER_OP_UPDATE && !peer_op_loses_prefixes(op)))
		return op_run(apply, target, op, diag);
	if (op->kind == PEER_OP_ADD && op->actual) {
		struct peer_op update = {PEER_OP_UPDATE, PEER_FIELDS_ALL, op->desired, op->actual};
		return op_run(apply, target, &update, diag);
	}

	struct device device = {0};
	error = apply->channel.read(apply->channel.impl, target->index, &device, diag);
	if (error)
		return error;
	const struct peer_config *actual = peer_table_find(&device.peers, peer_op_key(op));
	struct peer_op fresh = actual ? op_refresh(op, actual) : *op;
	error = op_run(apply, target, &fresh, diag);
	device_clear(&device);
	return error;
}
