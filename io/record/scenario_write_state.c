/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario_write_state.h"

void tell_peer(struct scenario_writer *scenario_writer, const struct peer_config *peer)
{
	tell(scenario_writer, "{\"id\":");
	tell_id(scenario_writer, peer->id);
	tell(scenario_writer, ",");
	tell_peer_members(scenario_writer, peer);
	tell(scenario_writer, "}");
}

static void tell_entry(struct scenario_writer *scenario_writer, const struct peer_entry *entry)
{
	tell_comma(scenario_writer);
	tell(scenario_writer, "\n\t");
	if (entry->error)
		scenario_write_unusable(scenario_writer, entry);
	else
		tell_peer(scenario_writer, &entry->config);
}

/*
 * The entries of the document without those that pending events replace, then the pending events.
 */
static void tell_entries(
	struct scenario_writer *scenario_writer, const struct recorded_state *state)
{
	const struct state_document *document = state->document;
	const struct pending_events *pending = state->pending;
	for (size_t i = 0; i < document->entry_count; i++) {
		const struct peer_entry *entry = &document->entries[i];
		if (!pending || !entry->id || !pending_events_find(pending, entry->id))
			tell_entry(scenario_writer, entry);
	}
	for (size_t i = 0; pending && i < pending->count; i++)
		if (!pending->peers[i]->removed)
			tell_entry(scenario_writer, &pending->peers[i]->entry);
}

static void tell_held(struct scenario_writer *scenario_writer, const struct key_public *key)
{
	struct peer_entry entry = {
		.error = "allowed_ips[", .has_key = true, .config.public_key = *key};
	tell_entry(scenario_writer, &entry);
}

static void tell_document_keys(
	struct scenario_writer *scenario_writer, const struct state_document *document)
{
	if (document->signing_keys_error) {
		tell(scenario_writer, ",\"signing_keys\":{\"current\":\"unusable\"}");
	} else if (document->has_signing_keys) {
		tell(scenario_writer, ",\"signing_keys\":");
		tell_signing_keys(scenario_writer, &document->signing_keys);
	}
}

void scenario_write_state(
	struct scenario_writer *scenario_writer, const struct recorded_state *state)
{
	tell(scenario_writer, "{\"peers\":[");
	tell_entries(scenario_writer, state);
	for (size_t i = 0; i < state->held_count; i++)
		tell_held(scenario_writer, &state->held[i]);
	tell(scenario_writer, "]");
	if (state->with_signing_keys)
		tell_document_keys(scenario_writer, state->document);
	tell(scenario_writer, "}");
}
