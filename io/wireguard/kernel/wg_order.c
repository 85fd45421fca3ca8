/* SPDX-License-Identifier: Apache-2.0 */
#include "wg_order.h"

#include "allowed_ip_moves.h"
#include "diag.h"
#include "executor.h"
#include "wg_netlink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A removal, and the operation that it follows. */
struct placed_removal {
	size_t after; /* SIZE_MAX: it comes last */
	size_t op;
};

struct ordering {
	const struct wg_order_input *input;
	struct peer_op_result *results;
	uint32_t *scope_ids; /* of each operation's endpoint */
	struct prefix_gains gains;
	struct placed_removal *removals;
	size_t removal_count;
	size_t lost_count;
	struct wg_steps steps; /* allocated for the maximum */
};

/* What an update does to the prefixes of its peer. */
struct prefix_tally {
	size_t gained, kept;
	size_t moved; /* lost to another peer of the list */
	size_t lost;  /* gained by no peer */
};

static struct prefix_tally prefixes_tally(const struct ordering *ordering, const struct peer_op *op)
{
	struct prefix_tally tally = {0};
	struct prefix_walk walk = prefix_walk_begin(op);
	const struct prefix *prefix;
	enum prefix_fate fate;
	size_t gainer;
	while ((prefix = prefix_walk_next(&walk, &fate))) {
		tally.kept += fate == PREFIX_KEPT;
		tally.gained += fate == PREFIX_GAINED;
		if (fate == PREFIX_LOST && prefix_gains_find(&ordering->gains, prefix, &gainer))
			tally.moved++;
		else if (fate == PREFIX_LOST)
			tally.lost++;
	}
	return tally;
}

static bool op_sets_endpoint(const struct peer_op *op)
{
	return op->kind != PEER_OP_REMOVE && op->desired->endpoint.kind != ENDPOINT_NONE &&
	       (op->kind == PEER_OP_ADD || (op->fields & PEER_FIELD_ENDPOINT));
}

static int endpoint_check(struct ordering *ordering, size_t op, struct diag *diag)
{
	const struct endpoint *endpoint = &ordering->input->ops[op].desired->endpoint;
	if (endpoint->kind == ENDPOINT_NAME)
		return diag_fail(diag, -EINVAL, "endpoint: a host name that was not resolved");
	if (!endpoint->zone[0])
		return 0;
	if (ordering->input->zone_index(endpoint->zone, &ordering->scope_ids[op]) != 0)
		return diag_fail(diag, -ENXIO, "endpoint: no interface of its zone %s",
			quote(endpoint->zone, strlen(endpoint->zone)).text);
	return 0;
}

static void endpoints_check(struct ordering *ordering)
{
	for (size_t i = 0; i < ordering->input->op_count; i++) {
		struct diag diag = {0};
		int error = 0;
		if (!ordering->results[i].error && op_sets_endpoint(&ordering->input->ops[i]))
			error = endpoint_check(ordering, i, &diag);
		if (error)
			peer_op_result_fail(&ordering->results[i], error, &diag);
		diag_clear(&diag);
	}
}

/* Return the last operation that gains a prefix of the removed peer, or SIZE_MAX. */
static size_t removal_place(const struct ordering *ordering, const struct peer_config *removed)
{
	size_t last = SIZE_MAX, gainer;
	for (size_t i = 0; i < removed->allowed_ip_count; i++)
		if (prefix_gains_find(&ordering->gains, &removed->allowed_ips[i], &gainer) &&
			(last == SIZE_MAX || gainer > last))
			last = gainer;
	return last;
}

static int removal_compare(const void *a, const void *b)
{
	const struct placed_removal *x = a, *y = b;
	if (x->after != y->after)
		return x->after < y->after ? -1 : 1;
	return (x->op > y->op) - (x->op < y->op);
}

static void removals_place(struct ordering *ordering)
{
	const struct wg_order_input *input = ordering->input;
	for (size_t i = 0; i < input->op_count; i++)
		if (input->ops[i].kind == PEER_OP_REMOVE)
			ordering->removals[ordering->removal_count++] = (struct placed_removal){
				removal_place(ordering, input->ops[i].actual), i};
	qsort(ordering->removals, ordering->removal_count, sizeof *ordering->removals,
		removal_compare);
}

static struct wg_step *step_append(
	struct ordering *ordering, enum wg_step_kind kind, size_t op, const struct key_public *key)
{
	struct wg_step *step = &ordering->steps.steps[ordering->steps.count++];
	*step = (struct wg_step){.kind = kind, .op = op, .key = key};
	return step;
}

/* Append the removals that follow `after`, starting at `*next`. */
static void removals_append(struct ordering *ordering, size_t after, size_t *next)
{
	for (; *next < ordering->removal_count && ordering->removals[*next].after == after;
		(*next)++) {
		size_t op = ordering->removals[*next].op;
		step_append(ordering, WG_STEP_REMOVE, op, peer_op_key(&ordering->input->ops[op]))
			->flags = WGPEER_F_REMOVE_ME;
	}
}

/* Return the prefixes that the peer gains. If it keeps none, they are all that it desires. */
static const struct prefix *gained_prefixes(
	struct ordering *ordering, const struct peer_op *op, const struct prefix_tally *tally)
{
	if (tally->kept == 0)
		return op->desired->allowed_ips;
	struct prefix *gained = arena_alloc(&ordering->steps.arena, tally->gained * sizeof *gained);
	if (!gained)
		return NULL;
	struct prefix_walk walk = prefix_walk_begin(op);
	const struct prefix *prefix;
	enum prefix_fate fate;
	size_t count = 0;
	while ((prefix = prefix_walk_next(&walk, &fate)))
		if (fate == PREFIX_GAINED)
			gained[count++] = *prefix;
	return gained;
}

static void losses_note(struct ordering *ordering, size_t op)
{
	struct prefix_walk walk = prefix_walk_begin(&ordering->input->ops[op]);
	const struct prefix *prefix;
	enum prefix_fate fate;
	size_t gainer;
	while ((prefix = prefix_walk_next(&walk, &fate))) {
		if (fate != PREFIX_LOST || prefix_gains_find(&ordering->gains, prefix, &gainer))
			continue;
		ordering->steps.lost[ordering->lost_count] = *prefix;
		ordering->steps.lost_ops[ordering->lost_count++] = op;
	}
}

static unsigned fields_to_set(const struct peer_op *op)
{
	unsigned fields = op->kind == PEER_OP_ADD ? PEER_FIELDS_ALL : op->fields;
	fields &= ~(unsigned)PEER_FIELD_ALLOWED_IPS;
	if (!op_sets_endpoint(op))
		fields &= ~(unsigned)PEER_FIELD_ENDPOINT;
	return fields;
}

/* Append the step that sets the peer, unless there is nothing to set. */
static int set_append(struct ordering *ordering, size_t index)
{
	const struct peer_op *op = &ordering->input->ops[index];
	struct prefix_tally tally = prefixes_tally(ordering, op);
	bool is_add = op->kind == PEER_OP_ADD;
	bool replaces = is_add || (tally.lost && !tally.kept && !tally.moved);
	const struct prefix *gained = NULL;
	if (tally.gained) {
		gained = gained_prefixes(ordering, op, &tally);
		if (!gained)
			return -ENOMEM;
	}
	if (!replaces && tally.lost)
		losses_note(ordering, index);
	unsigned fields = fields_to_set(op);
	if (!fields && !gained && !replaces)
		return 0;
	struct wg_step *step = step_append(ordering, WG_STEP_SET, index, peer_op_key(op));
	step->peer = op->desired;
	step->fields = fields;
	step->scope_id = ordering->scope_ids[index];
	step->flags =
		(is_add ? 0 : WGPEER_F_UPDATE_ONLY) | (replaces ? WGPEER_F_REPLACE_ALLOWEDIPS : 0);
	step->prefixes = gained;
	step->prefix_count = tally.gained;
	return 0;
}

static void losses_append(struct ordering *ordering)
{
	const struct wg_order_input *input = ordering->input;
	const size_t *ops = ordering->steps.lost_ops;
	for (size_t from = 0, to; from < ordering->lost_count; from = to) {
		to = from + 1;
		while (to < ordering->lost_count && (!input->can_drop || ops[to] == ops[from]))
			to++;
		struct wg_step *step =
			input->can_drop ? step_append(ordering, WG_STEP_REMOVE_ALLOWED_IPS,
						  ops[from], peer_op_key(&input->ops[ops[from]]))
					: step_append(ordering, WG_STEP_STEAL, ops[from],
						  input->temporary_key);
		step->flags = input->can_drop ? WGPEER_F_UPDATE_ONLY : 0;
		step->prefixes = ordering->steps.lost + from;
		step->prefix_count = to - from;
		step->prefix_ops = ordering->steps.lost_ops + from;
	}
}

static int steps_append(struct ordering *ordering)
{
	const struct wg_order_input *input = ordering->input;
	size_t next_removal = 0;
	for (size_t i = 0; i < input->op_count; i++) {
		if (input->ops[i].kind == PEER_OP_REMOVE || ordering->results[i].error)
			continue;
		int error = set_append(ordering, i);
		if (error)
			return error;
		removals_append(ordering, i, &next_removal);
	}
	losses_append(ordering);
	removals_append(ordering, SIZE_MAX, &next_removal);
	return 0;
}

/* An operation has at most two steps. */
static int ordering_begin(struct ordering *ordering)
{
	const struct wg_order_input *input = ordering->input;
	size_t lost_max = 0;
	for (size_t i = 0; i < input->op_count; i++)
		if (input->ops[i].kind == PEER_OP_UPDATE)
			lost_max += input->ops[i].actual->allowed_ip_count;
	struct wg_steps *steps = &ordering->steps;
	steps->steps = calloc(2 * input->op_count + 1, sizeof *steps->steps);
	steps->lost = calloc(lost_max + 1, sizeof *steps->lost);
	steps->lost_ops = calloc(lost_max + 1, sizeof *steps->lost_ops);
	ordering->scope_ids = calloc(input->op_count + 1, sizeof *ordering->scope_ids);
	ordering->removals = calloc(input->op_count + 1, sizeof *ordering->removals);
	bool is_whole = steps->steps && steps->lost && steps->lost_ops && ordering->scope_ids &&
			ordering->removals;
	return is_whole ? 0 : -ENOMEM;
}

int wg_order(
	const struct wg_order_input *input, struct peer_op_result *results, struct wg_steps *ret)
{
	struct ordering ordering = {.input = input, .results = results};
	int error = ordering_begin(&ordering);
	if (error)
		goto out;
	endpoints_check(&ordering);
	error = prefix_gains_collect(input->ops, input->op_count, results, &ordering.gains);
	if (error)
		goto out;
	removals_place(&ordering);
	error = steps_append(&ordering);
out:
	prefix_gains_clear(&ordering.gains);
	free(ordering.scope_ids);
	free(ordering.removals);
	if (error)
		wg_steps_clear(&ordering.steps);
	else
		*ret = ordering.steps;
	return error;
}

void wg_steps_clear(struct wg_steps *steps)
{
	free(steps->steps);
	free(steps->lost);
	free(steps->lost_ops);
	arena_clear(&steps->arena);
	*steps = (struct wg_steps){0};
}
