/* SPDX-License-Identifier: Apache-2.0 */
#include "allowed_ip_moves.h"

#include <errno.h>
#include <stdlib.h>

struct prefix_walk prefix_walk_begin(const struct peer_op *op)
{
	struct prefix_walk walk = {0};
	if (op->kind == PEER_OP_REMOVE ||
		(op->kind == PEER_OP_UPDATE && !(op->fields & PEER_FIELD_ALLOWED_IPS)))
		return walk;
	/* Only removals lack it. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	if (op->desired->allowed_ip_count) {
		walk.desired = op->desired->allowed_ips;
		walk.desired_end = walk.desired + op->desired->allowed_ip_count;
	}
	if (op->kind == PEER_OP_UPDATE && op->actual->allowed_ip_count) {
		walk.actual = op->actual->allowed_ips;
		walk.actual_end = walk.actual + op->actual->allowed_ip_count;
	}
	return walk;
}

const struct prefix *prefix_walk_next(struct prefix_walk *walk, enum prefix_fate *ret)
{
	bool more_desired = walk->desired != walk->desired_end;
	bool more_actual = walk->actual != walk->actual_end;
	if (!more_desired && !more_actual)
		return NULL;
	int order = !more_actual    ? -1
		    : !more_desired ? 1
				    : prefix_compare(walk->desired, walk->actual);
	const struct prefix *prefix = order <= 0 ? walk->desired : walk->actual;
	*ret = order == 0 ? PREFIX_KEPT : order < 0 ? PREFIX_GAINED : PREFIX_LOST;
	/* An empty side may be NULL, which must not be incremented. */
	if (order <= 0)
		walk->desired++;
	if (order >= 0)
		walk->actual++;
	return prefix;
}

bool peer_op_loses_prefixes(const struct peer_op *op)
{
	struct prefix_walk walk = prefix_walk_begin(op);
	enum prefix_fate fate;
	while (prefix_walk_next(&walk, &fate))
		if (fate == PREFIX_LOST)
			return true;
	return false;
}

static size_t gains_of(const struct peer_op *op, size_t index, struct prefix_gain *ret)
{
	struct prefix_walk walk = prefix_walk_begin(op);
	const struct prefix *prefix;
	enum prefix_fate fate;
	size_t count = 0;
	while ((prefix = prefix_walk_next(&walk, &fate)))
		if (fate == PREFIX_GAINED)
			ret[count++] = (struct prefix_gain){prefix, index};
	return count;
}

static int gain_compare(const void *a, const void *b)
{
	const struct prefix_gain *x = a, *y = b;
	int order = prefix_compare(x->prefix, y->prefix);
	if (order)
		return order;
	return (x->op > y->op) - (x->op < y->op);
}

int prefix_gains_collect(const struct peer_op *ops, size_t op_count,
	const struct peer_op_result *results, struct prefix_gains *ret)
{
	size_t count_max = 0;
	for (size_t i = 0; i < op_count; i++)
		if (ops[i].desired)
			count_max += ops[i].desired->allowed_ip_count;
	struct prefix_gains gains = {.gains = calloc(count_max + 1, sizeof *gains.gains)};
	if (!gains.gains)
		return -ENOMEM;
	for (size_t i = 0; i < op_count; i++)
		if (!results || !results[i].error)
			gains.count += gains_of(&ops[i], i, gains.gains + gains.count);
	qsort(gains.gains, gains.count, sizeof *gains.gains, gain_compare);
	*ret = gains;
	return 0;
}

bool prefix_gains_find(
	const struct prefix_gains *gains, const struct prefix *prefix, size_t *ret_op)
{
	size_t low = 0, high = gains->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (prefix_compare(gains->gains[middle].prefix, prefix) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || !prefix_equal(gains->gains[low - 1].prefix, prefix))
		return false;
	*ret_op = gains->gains[low - 1].op;
	return true;
}

void prefix_gains_clear(struct prefix_gains *gains)
{
	free(gains->gains);
	*gains = (struct prefix_gains){0};
}
