/* SPDX-License-Identifier: Apache-2.0 */
#include "removal_guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_names(const void *a, const void *b)
{
	const struct peer_entry *left = *(const struct peer_entry *const *)a;
	const struct peer_entry *right = *(const struct peer_entry *const *)b;
	int order = strcmp(left->id ? left->id : "", right->id ? right->id : "");
	if (order == 0)
		order = (left->has_key > right->has_key) - (left->has_key < right->has_key);
	if (order == 0 && left->has_key)
		order = key_public_compare(&left->config.public_key, &right->config.public_key);
	return order;
}

/* Return the entries sorted by id and key. NULL when out of memory. */
static const struct peer_entry **entries_sorted(const struct state_document *document)
{
	size_t count = document->entry_count;
	const struct peer_entry **entries = calloc(count ? count : 1, sizeof *entries);
	if (!entries)
		return NULL;
	for (size_t i = 0; i < count; i++)
		entries[i] = &document->entries[i];
	qsort(entries, count, sizeof *entries, compare_names);
	return entries;
}

/* Return false when out of memory: this only delays the removals by one fetch. */
static bool documents_name_the_same(const struct state_document *a, const struct state_document *b)
{
	if (a->entry_count != b->entry_count)
		return false;
	const struct peer_entry **left = entries_sorted(a);
	const struct peer_entry **right = entries_sorted(b);
	bool same = left && right;
	for (size_t i = 0; same && i < a->entry_count; i++)
		same = compare_names(&left[i], &right[i]) == 0;
	free(left);
	free(right);
	return same;
}

void removal_guard_document(struct removal_guard *guard, const struct state_document *last,
	const struct state_document *next)
{
	if (guard->max_percent)
		guard->is_confirmed = last && documents_name_the_same(last, next);
}

void removal_guard_not_modified(struct removal_guard *guard)
{
	guard->is_confirmed = true;
}

static bool is_too_much(const struct removal_guard *guard, size_t remove_count, size_t peer_count)
{
	return guard->max_percent &&
	       (uint64_t)remove_count * 100 > (uint64_t)peer_count * (unsigned)guard->max_percent;
}

static void holding_log(
	const struct removal_guard *guard, size_t peer_count, const struct logger *logger)
{
	char removals[24], peers[24], percent[24];
	snprintf(removals, sizeof removals, "%zu", guard->withheld_count);
	snprintf(peers, sizeof peers, "%zu", peer_count);
	snprintf(percent, sizeof percent, "%d", guard->max_percent);
	log_line(logger, LOG_MASS_REMOVAL_WITHHELD, "removals", removals, "peers", peers,
		"max_removal_percent", percent, NULL);
}

void removal_guard_apply(struct removal_guard *guard, struct peer_diff *diff, size_t peer_count,
	const struct logger *logger)
{
	size_t last_count = guard->withheld_count;
	bool is_held = !guard->is_confirmed && is_too_much(guard, diff->remove_count, peer_count);
	guard->withheld_count = is_held ? diff->remove_count : 0;
	if (is_held)
		peer_diff_withhold_removes(diff);
	if (guard->withheld_count && guard->withheld_count != last_count)
		holding_log(guard, peer_count, logger);
	else if (!guard->withheld_count && last_count)
		log_line(logger, LOG_MASS_REMOVAL_RELEASED, NULL);
}
