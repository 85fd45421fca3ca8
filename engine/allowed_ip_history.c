/* SPDX-License-Identifier: Apache-2.0 */
#include "allowed_ip_history.h"

#include "controller.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

/* A peer that events have changed. */
struct changed_peer {
	struct key_public public_key;
	bool is_known;
	uint32_t count;
	struct prefix allowed_ips[];
};

struct given_prefix {
	struct prefix prefix;
	struct key_public owner; /* the peer that has it, if any does; zero: unknown */
};

/* Memory of one tree node, estimated. */
#define NODE_BYTES 64

static int compare_changed(const void *a, const void *b)
{
	const struct changed_peer *x = a, *y = b;
	return key_public_compare(&x->public_key, &y->public_key);
}

static int compare_given(const void *a, const void *b)
{
	const struct given_prefix *x = a, *y = b;
	return prefix_compare(&x->prefix, &y->prefix);
}

static int compare_ip_records(const void *a, const void *b)
{
	const struct allowed_ip_record *x = a, *y = b;
	return key_public_compare(&x->public_key, &y->public_key);
}

void allowed_ip_history_clear(struct allowed_ip_history *history)
{
	free(history->records);
	free(history->prefixes);
	tdestroy(history->changed, free);
	tdestroy(history->given, free);
	*history = (struct allowed_ip_history){0};
}

/* What a cycle did to a peer. */
struct outcome {
	const struct key_public *key;
	const struct peer_config *peer; /* as the cycle left it; NULL: removed, or unknown */
};

static int compare_outcomes(const void *a, const void *b)
{
	const struct outcome *x = a, *y = b;
	return key_public_compare(x->key, y->key);
}

/* If an operation failed, a prefix that it should have moved may still be on its old peer, even if
 * an update of that peer succeeded. */
static bool is_certain(const struct peer_op *op, bool any_failed)
{
	return !any_failed || op->kind != PEER_OP_UPDATE || !(op->fields & PEER_FIELD_ALLOWED_IPS);
}

/* Sorted by key. `count` includes the withheld removals. */
static struct outcome *outcomes_make(
	const struct peer_diff *diff, const struct peer_op_result *results, size_t count)
{
	size_t op_count = peer_diff_op_count(diff);
	struct outcome *outcomes = calloc(count + 1, sizeof *outcomes);
	bool any_failed = false;
	if (!outcomes)
		return NULL;
	for (size_t i = 0; i < op_count; i++)
		any_failed = any_failed || results[i].error;
	for (size_t i = 0; i < count; i++) {
		const struct peer_op *op = &diff->ops[i];
		bool is_known = i < op_count && !results[i].error && is_certain(op, any_failed);
		outcomes[i] = (struct outcome){peer_op_key(op), is_known ? op->desired : NULL};
	}
	qsort(outcomes, count, sizeof *outcomes, compare_outcomes);
	return outcomes;
}

/* Allocate records and prefixes for all peers. */
static bool records_reserve(struct allowed_ip_history *history, const struct peer_table *actual,
	const struct outcome *outcomes, size_t outcome_count)
{
	size_t peer_count = actual->count + outcome_count, prefix_count = 0;
	for (size_t i = 0; i < actual->count; i++)
		prefix_count += actual->peers[i].allowed_ip_count;
	for (size_t i = 0; i < outcome_count; i++)
		if (outcomes[i].peer)
			prefix_count += outcomes[i].peer->allowed_ip_count;
	history->records = calloc(peer_count + 1, sizeof *history->records);
	history->prefixes = calloc(prefix_count + 1, sizeof *history->prefixes);
	return history->records && history->prefixes;
}

/* Copy the peer's prefixes to `place`. Return the place for the next ones. */
static struct prefix *record_append(
	struct allowed_ip_history *history, const struct peer_config *peer, struct prefix *place)
{
	uint32_t count = peer->allowed_ip_count;
	if (count)
		memcpy(place, peer->allowed_ips, count * sizeof *place);
	history->records[history->record_count++] =
		(struct allowed_ip_record){peer->public_key, place, count};
	return place + count;
}

/* Merge the peers that the cycle changed with those that it read. */
static void records_merge(struct allowed_ip_history *history, const struct peer_table *actual,
	const struct outcome *outcomes, size_t outcome_count)
{
	size_t read = 0, next = 0;
	struct prefix *place = history->prefixes;
	while (read < actual->count || next < outcome_count) {
		int order = read == actual->count ? 1
			    : next == outcome_count
				    ? -1
				    : key_public_compare(
					      &actual->peers[read].public_key, outcomes[next].key);
		const struct peer_config *peer =
			order < 0 ? &actual->peers[read] : outcomes[next].peer;
		if (peer)
			place = record_append(history, peer, place);
		read += order <= 0;
		next += order >= 0;
	}
}

void allowed_ip_history_load(struct allowed_ip_history *history, const struct peer_table *actual,
	const struct peer_diff *diff, const struct peer_op_result *results)
{
	size_t count = peer_diff_op_count(diff) + diff->withheld_count;
	struct outcome *outcomes = outcomes_make(diff, results, count);
	struct allowed_ip_history loaded = {0};
	allowed_ip_history_clear(history);
	if (outcomes && records_reserve(&loaded, actual, outcomes, count)) {
		records_merge(&loaded, actual, outcomes, count);
		*history = loaded;
	} else {
		allowed_ip_history_clear(&loaded);
	}
	free(outcomes);
}

static struct changed_peer *changed_find(
	const struct allowed_ip_history *history, const struct key_public *key)
{
	struct changed_peer wanted = {.public_key = *key};
	struct changed_peer **found = tfind(&wanted, &history->changed, compare_changed);
	return found ? *found : NULL;
}

static struct given_prefix *given_find(
	const struct allowed_ip_history *history, const struct prefix *prefix)
{
	struct given_prefix wanted = {.prefix = *prefix};
	struct given_prefix **found = tfind(&wanted, &history->given, compare_given);
	return found ? *found : NULL;
}

/* Find the recorded allowed IPs of the peer, including those that another peer got since. Return
 * false, with `*ret` unchanged, if there is no record. */
static bool note_find(const struct allowed_ip_history *history, const struct key_public *key,
	struct peer_config *ret)
{
	const struct changed_peer *changed = changed_find(history, key);
	if (changed) {
		if (changed->is_known)
			*ret = (struct peer_config){.allowed_ips = changed->allowed_ips,
				.allowed_ip_count = changed->count};
		return changed->is_known;
	}
	if (!history->record_count)
		return false;
	struct allowed_ip_record wanted = {.public_key = *key};
	const struct allowed_ip_record *record = bsearch(&wanted, history->records,
		history->record_count, sizeof wanted, compare_ip_records);
	if (record)
		*ret = (struct peer_config){
			.allowed_ips = record->allowed_ips, .allowed_ip_count = record->count};
	return record;
}

struct prefix *allowed_ip_history_recall(
	const struct allowed_ip_history *history, const struct key_public *key, uint32_t *ret_count)
{
	struct peer_config noted;
	if (!note_find(history, key, &noted))
		return NULL;
	struct prefix *left = calloc((size_t)noted.allowed_ip_count + 1, sizeof *left);
	uint32_t count = 0;
	for (uint32_t i = 0; left && i < noted.allowed_ip_count; i++) {
		const struct prefix *prefix = &noted.allowed_ips[i];
		const struct given_prefix *given = given_find(history, prefix);
		if (given && key_public_is_zero(&given->owner)) {
			free(left);
			return NULL;
		}
		if (!given || key_public_equal(&given->owner, key))
			left[count++] = *prefix;
	}
	*ret_count = count;
	return left;
}

/* Insert `item`, which the tree then owns; NULL if its allocation failed. Return false, with `item`
 * freed, when out of memory or above the limit. */
static bool tree_put(struct allowed_ip_history *history, void **tree, void *item, size_t bytes,
	int (*compare)(const void *a, const void *b))
{
	bytes += NODE_BYTES;
	if (!item || history->changed_bytes + bytes > ALLOWED_IP_CHANGES_BYTES_MAX ||
		!tsearch(item, tree, compare)) {
		free(item);
		return false;
	}
	history->changed_bytes += bytes;
	return true;
}

static bool given_put(struct allowed_ip_history *history, const struct prefix *prefix,
	const struct key_public *owner)
{
	struct given_prefix *given = malloc(sizeof *given);
	if (given)
		*given = (struct given_prefix){*prefix, *owner};
	return tree_put(history, &history->given, given, sizeof *given, compare_given);
}

/* Record `owner` for the allowed IPs of `peer`. Prefixes in `had` need no entry unless another peer
 * got them since. */
static bool prefixes_give(struct allowed_ip_history *history, const struct peer_config *peer,
	const struct key_public *owner, const struct peer_config *had)
{
	for (uint32_t i = 0; i < peer->allowed_ip_count; i++) {
		const struct prefix *prefix = &peer->allowed_ips[i];
		struct given_prefix *given = given_find(history, prefix);
		if (given)
			given->owner = *owner;
		else if (!peer_has_allowed_ip(had, prefix) && !given_put(history, prefix, owner))
			return false;
	}
	return true;
}

static size_t changed_bytes(uint32_t count)
{
	return sizeof(struct changed_peer) + count * sizeof(struct prefix);
}

/* Replace the record of the peer. `peer` is NULL if its state is unknown. */
static bool changed_put(struct allowed_ip_history *history, const struct key_public *key,
	const struct peer_config *peer)
{
	uint32_t count = peer ? peer->allowed_ip_count : 0;
	struct changed_peer *old = changed_find(history, key);
	struct changed_peer *next = malloc(changed_bytes(count));
	if (next) {
		*next = (struct changed_peer){*key, peer != NULL, count};
		if (count)
			memcpy(next->allowed_ips, peer->allowed_ips,
				count * sizeof *next->allowed_ips);
	}
	if (old) {
		history->changed_bytes -= changed_bytes(old->count) + NODE_BYTES;
		tdelete(old, &history->changed, compare_changed);
		free(old);
	}
	return tree_put(history, &history->changed, next, changed_bytes(count), compare_changed);
}

void allowed_ip_history_set(struct allowed_ip_history *history, const struct peer_config *peer)
{
	struct peer_config had = {0};
	bool is_noted = note_find(history, &peer->public_key, &had);
	bool is_same = is_noted && peer_allowed_ips_equal(&had, peer);
	if (!prefixes_give(history, peer, &peer->public_key, &had) ||
		(!is_same && !changed_put(history, &peer->public_key, peer)))
		allowed_ip_history_clear(history);
}

void allowed_ip_history_fail(struct allowed_ip_history *history, const struct peer_config *peer)
{
	static const struct key_public unknown;
	static const struct peer_config nothing;
	if (prefixes_give(history, peer, &unknown, &nothing))
		allowed_ip_history_forget(history, &peer->public_key);
	else
		allowed_ip_history_clear(history);
}

void allowed_ip_history_forget(struct allowed_ip_history *history, const struct key_public *key)
{
	if (!changed_put(history, key, NULL))
		allowed_ip_history_clear(history);
}
