/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder_parts.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

static void hash_text(crypto_generichash_state *state, const char *text)
{
	crypto_generichash_update(
		state, (const uint8_t *)(text ? text : ""), text ? strlen(text) + 1 : 1);
}

static void hash_peer(crypto_generichash_state *state, const struct peer_config *peer,
	const struct endpoint_history *endpoints)
{
	const struct endpoint *address = &peer->endpoint;
	if (address->kind == ENDPOINT_NAME)
		address = endpoint_history_baseline(endpoints, &peer->public_key);
	hash_text(state, address ? endpoint_format(address).text : "");
	crypto_generichash_update(state, (const uint8_t *)peer->allowed_ips,
		peer->allowed_ip_count * sizeof *peer->allowed_ips);
	crypto_generichash_update(state, peer->psk.bytes, KEY_BYTES);
	crypto_generichash_update(state, (const uint8_t *)&peer->persistent_keepalive_s,
		sizeof peer->persistent_keepalive_s);
}

/* Hash what the recorded document depends on: also resolved endpoints and the node's own key. */
static void document_hash(
	const struct recorder *recorder, const struct reconciler *reconciler, uint8_t ret[32])
{
	const struct state_document *document = &reconciler->document;
	crypto_generichash_state state;
	crypto_generichash_init(
		&state, recorder->anonymizer.secret, sizeof recorder->anonymizer.secret, 32);
	crypto_generichash_update(&state, recorder->anonymizer.own_key.bytes, KEY_BYTES);
	for (size_t i = 0; i < document->entry_count; i++) {
		const struct peer_entry *entry = &document->entries[i];
		uint8_t flags[] = {entry->error != NULL, entry->has_key, entry->id != NULL};
		crypto_generichash_update(&state, flags, sizeof flags);
		hash_text(&state, entry->id);
		crypto_generichash_update(&state, entry->config.public_key.bytes, KEY_BYTES);
		if (!entry->error)
			hash_peer(&state, &entry->config, &reconciler->manager->endpoints);
	}
	crypto_generichash_final(&state, ret, 32);
	sodium_memzero(&state, sizeof state);
}

static void withheld_hash(const struct recorder *recorder, uint8_t ret[32])
{
	const struct recorder_unit *unit = &recorder->unit;
	crypto_generichash_state state;
	crypto_generichash_init(&state, NULL, 0, 32);
	crypto_generichash_update(&state, (const uint8_t *)unit->withheld,
		unit->withheld_count * sizeof *unit->withheld);
	crypto_generichash_final(&state, ret, 32);
}

/*
 * An answer that does not change the state needs no state in the recording, unless the one in the
 * replay differs: a name resolves to another address, the withheld removals are others, or none was
 * written yet. Unless the answer confirms the document, the state includes the pending events: a
 * state that the replay fetches supersedes its own.
 */
void recorder_write_answer(struct recorder *recorder, const struct reconciler *reconciler,
	enum fetch_outcome outcome, bool was_provisional, struct scenario_writer *call)
{
	struct recorder_written *written = &recorder->written;
	const struct pending_events *pending = &reconciler->manager->pending;
	bool is_good =
		outcome == FETCH_DOCUMENT || (outcome == FETCH_NOT_MODIFIED && !was_provisional);
	struct recorder_written now = {
		.has_document = reconciler->has_document,
		.has_events = !is_good && pending->count > 0,
	};
	if (now.has_document) {
		document_hash(recorder, reconciler, now.document_hash);
		withheld_hash(recorder, now.withheld_hash);
	}
	bool is_written = now.has_document == written->has_document &&
			  memcmp(now.document_hash, written->document_hash, 32) == 0 &&
			  memcmp(now.withheld_hash, written->withheld_hash, 32) == 0;
	if (outcome != FETCH_DOCUMENT && is_written && !(is_good && written->has_events)) {
		if (!is_good)
			scenario_write(call, ",\"fetch_error\":\"the fetch failed\"");
		return;
	}
	struct recorded_state state = {
		.document = &reconciler->document,
		.pending = is_good ? NULL : pending,
		.with_signing_keys = outcome == FETCH_DOCUMENT,
		.withheld = recorder->unit.withheld,
		.withheld_count = recorder->unit.withheld_count,
	};
	call->endpoints = &reconciler->manager->endpoints;
	scenario_write(call, ",\"state\":");
	scenario_write_state(call, &state);
	*written = now;
}
