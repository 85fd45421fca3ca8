/* SPDX-License-Identifier: Apache-2.0 */
#include "trace_document.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* A text that is written again and again. */
struct scratch_text {
	char *text;
	size_t capacity;
};

/* Add the text of the entry, in the trace, to the digest `*ret`. Returns 0 or -ENOMEM. */
static int entry_digest(struct scratch_text *scratch, const struct peer_entry *entry,
	const struct trace_put_context *context, uint64_t *ret)
{
	struct canonical_writer writer = {0};
	uint8_t key[crypto_shorthash_KEYBYTES], digest[crypto_shorthash_BYTES];
	trace_entry_put(&writer, entry, context);
	if (writer.length > scratch->capacity) {
		char *text = realloc(scratch->text, writer.length * 2);
		if (!text)
			return -ENOMEM;
		*scratch = (struct scratch_text){text, writer.length * 2};
	}
	writer = (struct canonical_writer){.out = scratch->text};
	trace_entry_put(&writer, entry, context);
	memcpy(key, context->secret->bytes, sizeof key);
	memcpy(key, ret, sizeof *ret);
	crypto_shorthash(digest, (const uint8_t *)writer.out, writer.length, key);
	memcpy(ret, digest, sizeof *ret);
	return 0;
}

/* By id; equal ids in document order. */
static int compare_entries_by_id(const void *a, const void *b)
{
	const struct peer_entry *x = *(const struct peer_entry *const *)a;
	const struct peer_entry *y = *(const struct peer_entry *const *)b;
	int order = strcmp(x->id, y->id);
	return order ? order : (x > y) - (x < y);
}

/* The first entry of each id, sorted. Returns their number. */
static size_t entries_sort(const struct state_document *document, const struct peer_entry **ret)
{
	size_t count = 0, unique = 0;
	for (size_t i = 0; i < document->entry_count; i++)
		if (document->entries[i].id)
			ret[count++] = &document->entries[i];
	qsort(ret, count, sizeof(*ret), compare_entries_by_id);
	for (size_t i = 0; i < count; i++)
		if (!unique || strcmp(ret[unique - 1]->id, ret[i]->id) != 0)
			ret[unique++] = ret[i];
	return unique;
}

/* Walk both sorted lists. */
static int difference_walk(struct trace_difference *difference, const struct trace_document *known,
	const struct peer_entry **sorted, const struct trace_put_context *context,
	struct scratch_text *scratch)
{
	struct trace_entries *entries = &difference->entries;
	struct trace_document *next = &difference->next;
	size_t count = next->count, old = 0;
	next->count = 0;
	for (size_t i = 0; i < count; i++) {
		struct trace_known_entry *entry = &next->entries[i];
		int order = 1;
		while (old < known->count &&
			(order = strcmp(known->entries[old].id, sorted[i]->id)) < 0)
			entries->gone[entries->gone_count++] = known->entries[old++].id;
		if (entry_digest(scratch, sorted[i], context, &entry->digest) != 0)
			return -ENOMEM;
		entry->id = strdup(sorted[i]->id);
		if (!entry->id)
			return -ENOMEM;
		next->count++;
		bool is_same = old < known->count && order == 0 &&
			       known->entries[old].digest == entry->digest;
		if (!is_same)
			entries->changed[entries->changed_count++] = sorted[i];
		old += old < known->count && order == 0;
	}
	while (old < known->count)
		entries->gone[entries->gone_count++] = known->entries[old++].id;
	return 0;
}

static int nameless_collect(struct trace_difference *difference, const struct trace_document *known,
	const struct state_document *document, const struct trace_put_context *context,
	struct scratch_text *scratch)
{
	struct trace_entries *entries = &difference->entries;
	uint64_t *digest = &difference->next.nameless_digest;
	for (size_t i = 0; i < document->entry_count; i++) {
		if (document->entries[i].id)
			continue;
		entries->nameless[entries->nameless_count++] = &document->entries[i];
		if (entry_digest(scratch, &document->entries[i], context, digest) != 0)
			return -ENOMEM;
	}
	entries->has_nameless = *digest != known->nameless_digest;
	return 0;
}

int trace_document_compare(const struct trace_document *known,
	const struct state_document *document, const struct trace_put_context *context,
	struct trace_difference *ret)
{
	struct trace_difference difference = {0};
	struct trace_entries *entries = &difference.entries;
	struct scratch_text scratch = {0};
	size_t size = (document->entry_count + 1) * sizeof(void *);
	const struct peer_entry **sorted = arena_alloc(&difference.arena, size);
	entries->changed = arena_alloc(&difference.arena, size);
	entries->nameless = arena_alloc(&difference.arena, size);
	entries->gone = arena_alloc(&difference.arena, (known->count + 1) * sizeof(char *));
	int error = -ENOMEM;
	if (sorted && entries->changed && entries->nameless && entries->gone) {
		difference.next.count = entries_sort(document, sorted);
		difference.next.entries =
			calloc(difference.next.count + 1, sizeof *difference.next.entries);
		error = difference.next.entries ? 0 : -ENOMEM;
		if (error)
			difference.next.count = 0;
	}
	if (!error)
		error = difference_walk(&difference, known, sorted, context, &scratch);
	if (!error)
		error = nameless_collect(&difference, known, document, context, &scratch);
	free(scratch.text);
	if (error)
		trace_difference_clear(&difference);
	else
		*ret = difference;
	return error;
}

void trace_document_accept(struct trace_document *known, struct trace_difference *difference)
{
	struct trace_document old = *known;
	*known = difference->next;
	difference->next = old;
	trace_difference_clear(difference);
}

void trace_difference_clear(struct trace_difference *difference)
{
	trace_document_clear(&difference->next);
	arena_clear(&difference->arena);
	*difference = (struct trace_difference){0};
}

void trace_document_clear(struct trace_document *known)
{
	for (size_t i = 0; i < known->count; i++)
		free(known->entries[i].id);
	free(known->entries);
	*known = (struct trace_document){0};
}
