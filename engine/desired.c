/* SPDX-License-Identifier: Apache-2.0 */
#include "desired.h"

#include "array.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A usable entry that may become a desired peer. */
struct candidate {
	const struct peer_entry *entry;
	bool is_out; /* lost its key to another entry, or has the node's own key */
};

/* One peer's claim on one prefix. */
struct claim {
	struct prefix prefix;
	size_t rank; /* retained peers in key order, then candidates in id order */
};

struct resolution {
	const struct desired_input *input;
	struct candidate *candidates; /* in id order */
	size_t candidate_count;
	const struct peer_entry *namesake; /* has the node's id under another key; NULL: none */
	struct claim *lost;                /* by rank, then prefix */
	size_t lost_count;
	size_t conflict_capacity;
	struct desired out;
};

/* Return whether the list has room for one more conflict. If not, count the conflict. */
static bool conflict_admit(struct resolution *resolution)
{
	bool has_room = resolution->out.conflict_count < CONFLICTS_MAX;
	resolution->out.further_conflict_count += !has_room;
	return has_room;
}

static int conflict_add(struct resolution *resolution, struct conflict conflict)
{
	struct desired *out = &resolution->out;
	struct conflict *conflicts = array_grow(out->conflicts, out->conflict_count,
		&resolution->conflict_capacity, sizeof *conflicts);
	if (!conflicts)
		return -ENOMEM;
	out->conflicts = conflicts;
	if (!conflict.winner || !conflict.loser || !conflict.about)
		return -ENOMEM; /* a copy of one of the texts failed */
	out->conflicts[out->conflict_count++] = conflict;
	return 0;
}

static const char *text_copy(struct resolution *resolution, const char *text)
{
	return arena_strndup(&resolution->out.arena, text, strlen(text));
}

static const char *place_text(struct resolution *resolution, const struct peer_entry *entry)
{
	char text[40];
	snprintf(text, sizeof text, "peers[%zu]",
		(size_t)(entry - resolution->input->document->entries));
	return text_copy(resolution, text);
}

/* By id; equal ids in document order. */
static int compare_entries(const void *a, const void *b)
{
	const struct peer_entry *x = *(const struct peer_entry *const *)a;
	const struct peer_entry *y = *(const struct peer_entry *const *)b;
	int order = strcmp(x->id, y->id);
	return order ? order : (x > y) - (x < y);
}

static bool has_own_key(const struct resolution *resolution, const struct peer_entry *entry)
{
	return key_public_equal(
		&entry->config.public_key, &resolution->input->identity->public_key);
}

static void entry_take(struct resolution *resolution, const struct peer_entry *entry)
{
	if (entry->error)
		resolution->out.unusable[resolution->out.unusable_count++] = entry;
	else if (identity_has_id(resolution->input->identity, entry->id) &&
		 !has_own_key(resolution, entry))
		resolution->namesake = entry;
	else
		resolution->candidates[resolution->candidate_count++].entry = entry;
}

static int id_conflict_add(struct resolution *resolution, const struct peer_entry *first,
	const struct peer_entry *other)
{
	if (!conflict_admit(resolution))
		return 0;
	return conflict_add(resolution, (struct conflict){.kind = CONFLICT_ID,
						.winner = place_text(resolution, first),
						.loser = place_text(resolution, other),
						.about = other->id});
}

/* Keep the first of entries with equal ids. `sorted` is in id order; `*count` becomes the number of
 * entries that remain. */
static int repeats_drop(
	struct resolution *resolution, const struct peer_entry **sorted, size_t *count)
{
	size_t unique = 0;
	for (size_t i = 0; i < *count; i++) {
		const struct peer_entry *first = unique ? sorted[unique - 1] : NULL;
		if (!first || strcmp(first->id, sorted[i]->id) != 0) {
			sorted[unique++] = sorted[i];
			continue;
		}
		int error = id_conflict_add(resolution, first, sorted[i]);
		if (error)
			return error;
	}
	*count = unique;
	return 0;
}

/* Replace entries by the pending events about their peers. `sorted` has room for all events. Return
 * the new number of entries. */
static size_t events_lay(
	const struct pending_events *pending, const struct peer_entry **sorted, size_t count)
{
	size_t next = 0;
	if (!pending || !pending->count)
		return count;
	for (size_t i = 0; i < count; i++)
		if (!pending_events_find(pending, sorted[i]->id))
			sorted[next++] = sorted[i];
	for (size_t i = 0; i < pending->count; i++)
		if (!pending->peers[i]->removed)
			sorted[next++] = &pending->peers[i]->entry;
	qsort(sorted, next, sizeof *sorted, compare_entries);
	return next;
}

static int namesake_conflict_add(struct resolution *resolution)
{
	const struct peer_entry *namesake = resolution->namesake;
	if (!namesake || !conflict_admit(resolution))
		return 0;
	return conflict_add(
		resolution, (struct conflict){.kind = CONFLICT_OWN_ID,
				    .winner = CONFLICT_WINNER_SELF,
				    .loser = text_copy(resolution,
					    key_public_format(&namesake->config.public_key).text),
				    .about = namesake->id});
}

static int entries_collect(struct resolution *resolution)
{
	const struct state_document *document = resolution->input->document;
	const struct pending_events *pending = resolution->input->pending;
	size_t room = document->entry_count + (pending ? pending->count : 0) + 1;
	const struct peer_entry **sorted = calloc(room, sizeof *sorted);
	resolution->candidates = calloc(room, sizeof *resolution->candidates);
	resolution->out.unusable = calloc(room, sizeof(*resolution->out.unusable));
	int error = -ENOMEM;
	size_t count = 0;
	if (!sorted || !resolution->candidates || !resolution->out.unusable)
		goto out;
	for (size_t i = 0; i < document->entry_count; i++) {
		const struct peer_entry *entry = &document->entries[i];
		if (entry->id)
			sorted[count++] = entry;
		else
			entry_take(resolution, entry);
	}
	qsort(sorted, count, sizeof *sorted, compare_entries);
	error = repeats_drop(resolution, sorted, &count);
	if (error)
		goto out;
	count = events_lay(pending, sorted, count);
	for (size_t i = 0; i < count; i++)
		entry_take(resolution, sorted[i]);
	error = namesake_conflict_add(resolution);
out:
	free(sorted);
	return error;
}

/* By key; equal keys in id order, which is the order of the candidates. */
static int compare_by_key(const void *a, const void *b)
{
	const struct candidate *x = *(const struct candidate *const *)a;
	const struct candidate *y = *(const struct candidate *const *)b;
	int order = key_public_compare(&x->entry->config.public_key, &y->entry->config.public_key);
	return order ? order : (x > y) - (x < y);
}

/* `by_key` is filled: the candidates in the order of their keys. */
static int keys_settle(struct resolution *resolution, struct candidate **by_key)
{
	const char *own_id = resolution->input->identity->node_id;
	const struct candidate *owner = NULL;
	for (size_t i = 0; i < resolution->candidate_count; i++)
		by_key[i] = &resolution->candidates[i];
	qsort(by_key, resolution->candidate_count, sizeof(*by_key), compare_by_key);
	for (size_t i = 0; i < resolution->candidate_count; i++) {
		struct candidate *candidate = by_key[i];
		const struct key_public *key = &candidate->entry->config.public_key;
		struct conflict conflict = {.kind = CONFLICT_KEY, .loser = candidate->entry->id};
		if (has_own_key(resolution, candidate->entry)) {
			own_id = own_id ? own_id : candidate->entry->id;
			conflict.kind = CONFLICT_OWN_KEY;
			conflict.winner = CONFLICT_WINNER_SELF;
		} else if (owner && key_public_equal(key, &owner->entry->config.public_key)) {
			conflict.winner = owner->entry->id;
		} else {
			owner = candidate;
			continue;
		}
		candidate->is_out = true;
		bool is_self = conflict.kind == CONFLICT_OWN_KEY &&
			       strcmp(own_id, candidate->entry->id) == 0;
		if (is_self || !conflict_admit(resolution))
			continue;
		conflict.about = text_copy(resolution, key_public_format(key).text);
		int error = conflict_add(resolution, conflict);
		if (error)
			return error;
	}
	return 0;
}

static int compare_key_to_candidate(const void *key, const void *candidate)
{
	const struct candidate *const *at = candidate;
	return key_public_compare(key, &(*at)->entry->config.public_key);
}

static const struct candidate *candidate_find(const struct resolution *resolution,
	struct candidate **by_key, const struct key_public *key)
{
	size_t at = array_search(by_key, resolution->candidate_count, sizeof(*by_key), key,
		compare_key_to_candidate);
	if (at == resolution->candidate_count ||
		!key_public_equal(&by_key[at]->entry->config.public_key, key))
		return NULL;
	return by_key[at];
}

/* By key; for a peer retained for several entries, the first id comes first. */
static int compare_retained(const void *a, const void *b)
{
	const struct retained_peer *x = a, *y = b;
	int order = key_public_compare(&x->actual->public_key, &y->actual->public_key);
	if (order)
		return order;
	if (!x->id || !y->id)
		return !x->id - !y->id;
	return strcmp(x->id, y->id);
}

/* Retain the peer with that key if it is on the device and no usable entry has the key. */
static void retained_add(struct resolution *resolution, struct candidate **by_key,
	const struct key_public *key, const char *id, const char *error)
{
	const struct peer_config *actual = peer_table_find(resolution->input->actual, key);
	if (!actual || candidate_find(resolution, by_key, key))
		return;
	if (!id && resolution->input->names)
		id = peer_names_find(resolution->input->names, key);
	resolution->out.retained[resolution->out.retained_count++] =
		(struct retained_peer){.id = id, .actual = actual, .error = error};
}

static int retained_collect(struct resolution *resolution, struct candidate **by_key)
{
	struct desired *out = &resolution->out;
	if (out->unusable_count == 0)
		return 0;
	/* An entry can stand for two peers: its id is known under one key, and it names another. */
	out->retained = calloc(out->unusable_count * 2, sizeof *out->retained);
	if (!out->retained)
		return -ENOMEM;
	for (size_t i = 0; i < out->unusable_count; i++) {
		const struct peer_entry *entry = out->unusable[i];
		const struct key_public *known = NULL;
		if (entry->id && resolution->input->names)
			known = peer_names_lookup(resolution->input->names, entry->id);
		out->nameless_count += !known && !entry->has_key &&
				       !identity_has_id(resolution->input->identity, entry->id);
		if (known)
			retained_add(resolution, by_key, known, entry->id, entry->error);
		if (entry->has_key &&
			!(known && key_public_equal(known, &entry->config.public_key)))
			retained_add(resolution, by_key, &entry->config.public_key,
				known ? NULL : entry->id, entry->error);
	}
	if (out->retained_count == 0)
		return 0;
	qsort(out->retained, out->retained_count, sizeof *out->retained, compare_retained);
	size_t unique = 1;
	for (size_t i = 1; i < out->retained_count; i++)
		if (out->retained[i].actual != out->retained[unique - 1].actual)
			out->retained[unique++] = out->retained[i];
	out->retained_count = unique;
	return 0;
}

static int compare_prefix_claims(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;
	int order = prefix_compare(&x->prefix, &y->prefix);
	return order ? order : (x->rank > y->rank) - (x->rank < y->rank);
}

static int compare_lost(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return prefix_compare(&x->prefix, &y->prefix);
}

static const char *claimant_name(struct resolution *resolution, size_t rank)
{
	const struct desired *out = &resolution->out;
	if (rank >= out->retained_count)
		return resolution->candidates[rank - out->retained_count].entry->id;
	const struct retained_peer *retained = &out->retained[rank];
	if (retained->id)
		return retained->id;
	return text_copy(resolution, key_public_format(&retained->actual->public_key).text);
}

/* Return the peer of that rank as it claims prefixes, or NULL if the candidate is out. */
static const struct peer_config *claimant(const struct resolution *resolution, size_t rank)
{
	if (rank < resolution->out.retained_count)
		return resolution->out.retained[rank].actual;
	const struct candidate *candidate =
		&resolution->candidates[rank - resolution->out.retained_count];
	return candidate->is_out ? NULL : &candidate->entry->config;
}

/* Return every claim on every prefix, sorted. NULL when out of memory. */
static struct claim *claims_collect(const struct resolution *resolution, size_t *ret_count)
{
	size_t ranks = resolution->out.retained_count + resolution->candidate_count;
	size_t count = 0;
	for (size_t rank = 0; rank < ranks; rank++) {
		const struct peer_config *peer = claimant(resolution, rank);
		count += peer ? peer->allowed_ip_count : 0;
	}
	struct claim *claims = calloc(count ? count : 1, sizeof *claims);
	if (!claims)
		return NULL;
	struct claim *next = claims;
	for (size_t rank = 0; rank < ranks; rank++) {
		const struct peer_config *peer = claimant(resolution, rank);
		for (size_t i = 0; peer && i < peer->allowed_ip_count; i++)
			*next++ = (struct claim){.prefix = peer->allowed_ips[i], .rank = rank};
	}
	qsort(claims, count, sizeof *claims, compare_prefix_claims);
	*ret_count = count;
	return claims;
}

/* `winner` is NULL for this node. */
static int prefix_conflict_add(
	struct resolution *resolution, const size_t *winner, const struct claim *lost)
{
	if (!conflict_admit(resolution))
		return 0;
	return conflict_add(resolution,
		(struct conflict){.kind = winner ? CONFLICT_PREFIX : CONFLICT_OWN_ADDRESS,
			.winner =
				winner ? claimant_name(resolution, *winner) : CONFLICT_WINNER_SELF,
			.loser = claimant_name(resolution, lost->rank),
			.about = text_copy(resolution, prefix_format(&lost->prefix).text)});
}

/*
 * The first claim on a prefix wins; the others are collected in `lost`. The host route to the
 * node's own address is always lost, except by a retained peer, which does not change.
 */
static int prefixes_settle(struct resolution *resolution)
{
	struct prefix own = prefix_of_host(&resolution->input->identity->mesh_ip);
	size_t count = 0;
	struct claim *claims = claims_collect(resolution, &count);
	if (!claims)
		return -ENOMEM;
	resolution->lost = claims; /* losers move to the front of the same array */
	for (size_t i = 0, winner = 0; i < count; i++) {
		struct claim lost = claims[i];
		bool is_own = lost.rank >= resolution->out.retained_count &&
			      prefix_equal(&lost.prefix, &own);
		if (!is_own && (i == 0 || !prefix_equal(&lost.prefix, &claims[i - 1].prefix))) {
			winner = lost.rank;
			continue;
		}
		int error = prefix_conflict_add(resolution, is_own ? NULL : &winner, &lost);
		if (error)
			return error;
		resolution->lost[resolution->lost_count++] = lost;
	}
	qsort(resolution->lost, resolution->lost_count, sizeof *resolution->lost, compare_lost);
	return 0;
}

static int compare_rank_to_lost(const void *rank, const void *lost)
{
	size_t x = *(const size_t *)rank, y = ((const struct claim *)lost)->rank;
	return (x > y) - (x < y);
}

/* Return the position of the first lost claim of that rank. */
static size_t lost_find(const struct resolution *resolution, size_t rank)
{
	return array_search(resolution->lost, resolution->lost_count, sizeof *resolution->lost,
		&rank, compare_rank_to_lost);
}

/* Append the peer without the prefixes that it lost. */
static int desired_peer_append(
	struct resolution *resolution, const struct peer_config *peer, size_t rank)
{
	size_t first = lost_find(resolution, rank), end = first;
	while (end < resolution->lost_count && resolution->lost[end].rank == rank)
		end++;
	if (first == end)
		return peer_table_append(&resolution->out.peers, peer);
	struct prefix *left = calloc(peer->allowed_ip_count, sizeof *left);
	if (!left)
		return -ENOMEM;
	struct peer_config copy = *peer;
	copy.allowed_ips = left;
	copy.allowed_ip_count = 0;
	for (uint32_t i = 0; i < peer->allowed_ip_count; i++) {
		if (first < end &&
			prefix_equal(&peer->allowed_ips[i], &resolution->lost[first].prefix))
			first++;
		else
			left[copy.allowed_ip_count++] = peer->allowed_ips[i];
	}
	int error = peer_table_append(&resolution->out.peers, &copy);
	key_secret_wipe(&copy.psk);
	free(left);
	return error;
}

/* Append the candidates in key order, which saves sorting the table. */
static int peers_collect(struct resolution *resolution, struct candidate **by_key)
{
	int error = peer_table_reserve(&resolution->out.peers, resolution->candidate_count);
	for (size_t i = 0; i < resolution->candidate_count && !error; i++) {
		const struct candidate *candidate = by_key[i];
		size_t rank = resolution->out.retained_count +
			      (size_t)(candidate - resolution->candidates);
		if (!candidate->is_out)
			error = desired_peer_append(resolution, &candidate->entry->config, rank);
	}
	/* Candidates have distinct keys: PEER_TABLE_DUPLICATE is impossible. */
	return error ? error : peer_table_seal(&resolution->out.peers, NULL);
}

int desired_resolve(const struct desired_input *input, struct desired *ret)
{
	struct resolution resolution = {.input = input};
	struct candidate **by_key = NULL;
	int error = entries_collect(&resolution);
	if (!error) {
		by_key = calloc(resolution.candidate_count + 1, sizeof(*by_key));
		error = by_key ? keys_settle(&resolution, by_key) : -ENOMEM;
	}
	if (!error)
		error = retained_collect(&resolution, by_key);
	if (!error)
		error = prefixes_settle(&resolution);
	if (!error)
		error = peers_collect(&resolution, by_key);
	free(by_key);
	free(resolution.candidates);
	free(resolution.lost);
	if (error)
		desired_clear(&resolution.out);
	else
		*ret = resolution.out;
	return error;
}

const char *conflict_kind_name(enum conflict_kind kind)
{
	static const char *const names[] = {
		[CONFLICT_ID] = "id",
		[CONFLICT_KEY] = "public_key",
		[CONFLICT_PREFIX] = "allowed_ip",
		[CONFLICT_OWN_ID] = "own_id",
		[CONFLICT_OWN_KEY] = "own_key",
		[CONFLICT_OWN_ADDRESS] = "own_address",
	};
	return names[kind];
}

void desired_clear(struct desired *desired)
{
	peer_table_clear(&desired->peers);
	free(desired->retained);
	free(desired->unusable);
	free(desired->conflicts);
	arena_clear(&desired->arena);
	*desired = (struct desired){0};
}
