/* SPDX-License-Identifier: Apache-2.0 */
#include "diff.h"

#include "array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

unsigned peer_config_difference(const struct peer_config *desired, const struct peer_config *actual)
{
	unsigned fields = 0;
	if (!peer_allowed_ips_equal(desired, actual))
		fields |= PEER_FIELD_ALLOWED_IPS;
	if (!actual->psk_is_hidden && !key_secret_equal(&desired->psk, &actual->psk))
		fields |= PEER_FIELD_PSK;
	if (desired->persistent_keepalive_s != actual->persistent_keepalive_s)
		fields |= PEER_FIELD_PERSISTENT_KEEPALIVE;
	return fields;
}

/* One step of the walk over both tables: the peer with the lowest key left in them. */
struct pair {
	const struct peer_config *desired; /* NULL: not desired */
	const struct peer_config *actual;  /* NULL: not on the device */
};

struct walk {
	const struct peer_table *desired, *actual;
	size_t desired_at, actual_at;
};

static bool walk_next(struct walk *walk, struct pair *ret)
{
	bool more_desired = walk->desired_at < walk->desired->count;
	bool more_actual = walk->actual_at < walk->actual->count;
	if (!more_desired && !more_actual)
		return false;
	const struct peer_config *desired =
		more_desired ? &walk->desired->peers[walk->desired_at] : NULL;
	const struct peer_config *actual =
		more_actual ? &walk->actual->peers[walk->actual_at] : NULL;
	int order = !actual    ? -1
		    : !desired ? 1
			       : key_public_compare(&desired->public_key, &actual->public_key);
	ret->desired = order <= 0 ? desired : NULL;
	ret->actual = order >= 0 ? actual : NULL;
	walk->desired_at += order <= 0;
	walk->actual_at += order >= 0;
	return true;
}

struct op_list {
	struct peer_op *ops;
	size_t count, capacity;
};

static int op_list_append(struct op_list *list, struct peer_op op)
{
	struct peer_op *ops = array_grow(list->ops, list->count, &list->capacity, sizeof *ops);
	if (!ops)
		return -ENOMEM;
	list->ops = ops;
	ops[list->count++] = op;
	return 0;
}

/* Group the operations by kind. Within a kind they stay in key order. */
static struct peer_op *ops_by_kind(const struct op_list *list, struct peer_diff *counts)
{
	struct peer_op *ops = calloc(list->count ? list->count : 1, sizeof *ops);
	if (!ops)
		return NULL;
	size_t next[] = {
		[PEER_OP_REMOVE] = 0,
		[PEER_OP_UPDATE] = counts->remove_count,
		[PEER_OP_ADD] = counts->remove_count + counts->update_count,
	};
	for (size_t i = 0; i < list->count; i++)
		ops[next[list->ops[i].kind]++] = list->ops[i];
	return ops;
}

int diff_compute(const struct peer_table *desired, const struct peer_table *actual,
	const struct endpoint_history *history, struct moment now, struct peer_diff *ret)
{
	struct peer_diff diff = {0};
	struct op_list list = {0};
	struct walk walk = {.desired = desired, .actual = actual};
	struct pair pair;
	int error = 0;
	while (!error && walk_next(&walk, &pair)) {
		struct peer_op op = {.desired = pair.desired, .actual = pair.actual};
		if (!pair.desired) {
			op.kind = PEER_OP_REMOVE;
			diff.remove_count++;
		} else if (!pair.actual) {
			op.kind = PEER_OP_ADD;
			op.fields = PEER_FIELDS_ALL;
			diff.add_count++;
		} else {
			op.kind = PEER_OP_UPDATE;
			op.fields = peer_config_difference(pair.desired, pair.actual);
			if (!endpoint_equal(&pair.desired->endpoint, &pair.actual->endpoint) &&
				endpoint_history_is_due(history, pair.desired, pair.actual, now))
				op.fields |= PEER_FIELD_ENDPOINT;
			if (!op.fields) {
				diff.unchanged_count++;
				continue;
			}
			diff.update_count++;
		}
		error = op_list_append(&list, op);
	}
	if (!error) {
		diff.ops = ops_by_kind(&list, &diff);
		error = diff.ops ? 0 : -ENOMEM;
	}
	free(list.ops);
	if (!error)
		*ret = diff;
	return error;
}

const char *peer_op_kind_name(enum peer_op_kind kind)
{
	static const char *const names[] = {
		[PEER_OP_REMOVE] = "remove",
		[PEER_OP_UPDATE] = "update",
		[PEER_OP_ADD] = "add",
	};
	return names[kind];
}

const struct key_public *peer_op_key(const struct peer_op *op)
{
	return op->desired ? &op->desired->public_key : &op->actual->public_key;
}

static void ops_reverse(struct peer_op *ops, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct peer_op op = ops[i];
		ops[i] = ops[count - 1 - i];
		ops[count - 1 - i] = op;
	}
}

/* Withhold the last `count` removes. */
static void removes_hold(struct peer_diff *diff, size_t count)
{
	struct peer_op *ops = diff->ops + diff->remove_count - count;
	size_t left = diff->update_count + diff->add_count;
	/* Rotate them to the end: reverse both parts, then the whole. */
	ops_reverse(ops, count);
	ops_reverse(ops + count, left);
	ops_reverse(ops, count + left);
	diff->unchanged_count += count;
	diff->withheld_count += count;
	diff->remove_count -= count;
}

void peer_diff_withhold_removes(struct peer_diff *diff)
{
	removes_hold(diff, diff->remove_count);
}

size_t peer_diff_withhold_unnamed(struct peer_diff *diff, const struct peer_names *names)
{
	size_t named = 0;
	for (size_t i = 0; names && i < diff->remove_count; i++) {
		struct peer_op op = diff->ops[i];
		if (!peer_names_find(names, peer_op_key(&op)))
			continue;
		diff->ops[i] = diff->ops[named];
		diff->ops[named++] = op;
	}
	size_t count = diff->remove_count - named;
	removes_hold(diff, count);
	return count;
}

void peer_diff_clear(struct peer_diff *diff)
{
	free(diff->ops);
	*diff = (struct peer_diff){0};
}
