/* SPDX-License-Identifier: Apache-2.0 */
#include "trace_document.h"

#include "trace_fault.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Add the bytes to the digest `*ret`. */
static void digest_add(
	uint64_t *ret, const struct trace_secret *secret, const void *bytes, size_t length)
{
	uint8_t key[crypto_shorthash_KEYBYTES], digest[crypto_shorthash_BYTES];
	memcpy(key, secret->bytes, sizeof key);
	memcpy(key, ret, sizeof *ret);
	crypto_shorthash(digest, bytes, length, key);
	memcpy(ret, digest, sizeof *ret);
}

static void digest_add_text(uint64_t *ret, const struct trace_secret *secret, const char *text)
{
	digest_add(ret, secret, text, strlen(text) + 1);
}

/* What an entry has of a fixed size. */
struct entry_bytes {
	uint8_t is_unusable, has_key;
	uint8_t endpoint_kind[2];
	struct ip ip[2]; /* of the endpoint, and of the address chosen for its host name */
	uint16_t port[2];
	char zone[2][ENDPOINT_ZONE_MAX + 1];
	uint16_t persistent_keepalive_s;
	struct key_public public_key;
	struct key_secret psk;
};

static void endpoint_bytes(const struct endpoint *endpoint, size_t at, struct entry_bytes *ret)
{
	ret->endpoint_kind[at] = endpoint->kind;
	ret->ip[at] = endpoint->ip;
	ret->port[at] = endpoint->port;
	memcpy(ret->zone[at], endpoint->zone, sizeof ret->zone[at]);
}

/* Add to the digest `*ret` what the trace has of the entry besides its id: see trace_entry_put. */
static void entry_digest(
	const struct peer_entry *entry, const struct trace_put_context *context, uint64_t *ret)
{
	const struct trace_secret *secret = context->secret;
	const struct peer_config *peer = &entry->config;
	const struct endpoint *address = NULL;
	struct entry_bytes bytes;
	memset(&bytes, 0, sizeof bytes); /* padding too */
	bytes.is_unusable = entry->error != NULL;
	bytes.has_key = entry->has_key;
	if (entry->has_key)
		bytes.public_key = peer->public_key;
	if (entry->error) {
		digest_add_text(ret, secret, trace_fault_find(entry->error)->name);
		digest_add(ret, secret, &bytes, sizeof bytes);
		return;
	}
	if (peer->endpoint.kind == ENDPOINT_NAME) {
		digest_add_text(ret, secret, peer->endpoint.host);
		if (context->endpoints)
			address = endpoint_history_baseline(context->endpoints, &peer->public_key);
	}
	endpoint_bytes(&peer->endpoint, 0, &bytes);
	if (address && address->kind == ENDPOINT_IP)
		endpoint_bytes(address, 1, &bytes);
	bytes.persistent_keepalive_s = peer->persistent_keepalive_s;
	bytes.psk = peer->psk;
	digest_add(ret, secret, &bytes, sizeof bytes);
	digest_add(
		ret, secret, peer->allowed_ips, peer->allowed_ip_count * sizeof *peer->allowed_ips);
	key_secret_wipe(&bytes.psk);
}

/* By id; equal ids in document order. */
static int compare_entries_by_id(const void *a, const void *b)
{
	const struct peer_entry *x = *(const struct peer_entry *const *)a;
	const struct peer_entry *y = *(const struct peer_entry *const *)b;
	int order = strcmp(x->id, y->id);
	return order ? order : (x > y) - (x < y);
}

static size_t ids_count(const struct state_document *document)
{
	size_t count = 0;
	for (size_t i = 0; i < document->entry_count; i++)
		count += document->entries[i].id != NULL;
	return count;
}

/* Most documents have the ids of the last one, in the same places: that saves sorting them. */
static bool has_same_places(
	const struct state_document *document, const struct trace_document *known, size_t id_count)
{
	bool is_same = id_count == known->count;
	for (size_t i = 0; i < known->count && is_same; i++) {
		size_t position = known->entries[i].position;
		const char *id =
			position < document->entry_count ? document->entries[position].id : NULL;
		is_same = id && strcmp(id, known->entries[i].id) == 0;
	}
	return is_same;
}

/* The first entry of each id, sorted. Returns their number. */
static size_t entries_sort(const struct state_document *document,
	const struct trace_document *known, const struct peer_entry **ret)
{
	size_t count = ids_count(document), unique = 0, next = 0;
	if (has_same_places(document, known, count)) {
		for (size_t i = 0; i < count; i++)
			ret[i] = &document->entries[known->entries[i].position];
		return count;
	}
	for (size_t i = 0; i < document->entry_count; i++)
		if (document->entries[i].id)
			ret[next++] = &document->entries[i];
	qsort(ret, count, sizeof(*ret), compare_entries_by_id);
	for (size_t i = 0; i < count; i++)
		if (!unique || strcmp(ret[unique - 1]->id, ret[i]->id) != 0)
			ret[unique++] = ret[i];
	return unique;
}

/* Walk both sorted lists. */
static int difference_walk(struct trace_difference *difference, const struct trace_document *known,
	const struct state_document *document, const struct peer_entry **sorted,
	const struct trace_put_context *context)
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
		entry->position = (size_t)(sorted[i] - document->entries);
		entry_digest(sorted[i], context, &entry->digest);
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

static void nameless_collect(struct trace_difference *difference,
	const struct trace_document *known, const struct state_document *document,
	const struct trace_put_context *context)
{
	struct trace_entries *entries = &difference->entries;
	uint64_t *digest = &difference->next.nameless_digest;
	for (size_t i = 0; i < document->entry_count; i++) {
		if (document->entries[i].id)
			continue;
		entries->nameless[entries->nameless_count++] = &document->entries[i];
		entry_digest(&document->entries[i], context, digest);
	}
	entries->has_nameless = *digest != known->nameless_digest;
}

int trace_document_compare(const struct trace_document *known,
	const struct state_document *document, const struct trace_put_context *context,
	struct trace_difference *ret)
{
	struct trace_difference difference = {0};
	struct trace_entries *entries = &difference.entries;
	size_t size = (document->entry_count + 1) * sizeof(void *);
	const struct peer_entry **sorted = arena_alloc(&difference.arena, size);
	entries->changed = arena_alloc(&difference.arena, size);
	entries->nameless = arena_alloc(&difference.arena, size);
	entries->gone = arena_alloc(&difference.arena, (known->count + 1) * sizeof(char *));
	int error = -ENOMEM;
	if (sorted && entries->changed && entries->nameless && entries->gone) {
		difference.next.count = entries_sort(document, known, sorted);
		difference.next.entries =
			calloc(difference.next.count + 1, sizeof *difference.next.entries);
		error = difference.next.entries ? 0 : -ENOMEM;
		if (error)
			difference.next.count = 0;
	}
	if (!error)
		error = difference_walk(&difference, known, document, sorted, context);
	if (error) {
		trace_difference_clear(&difference);
		return error;
	}
	nameless_collect(&difference, known, document, context);
	*ret = difference;
	return 0;
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
