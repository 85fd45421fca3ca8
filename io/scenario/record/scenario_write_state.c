/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario_write_state.h"

void scenario_write_peer(struct scenario_writer *writer, const struct peer_config *peer)
{
	scenario_write(writer, "{\"id\":");
	scenario_write_id(writer, peer->id);
	scenario_write(writer, ",");
	scenario_write_peer_members(writer, peer);
	scenario_write(writer, "}");
}

static void scenario_write_entry(struct scenario_writer *writer, const struct peer_entry *entry)
{
	scenario_write_comma(writer);
	scenario_write(writer, "\n\t");
	if (entry->error)
		scenario_write_unusable(writer, entry);
	else
		scenario_write_peer(writer, &entry->config);
}

/*
 * Write the entries of the document that no pending event replaces, then the pending events.
 */
static void scenario_write_entries(
	struct scenario_writer *writer, const struct recorded_state *state)
{
	const struct state_document *document = state->document;
	const struct pending_events *pending = state->pending;
	for (size_t i = 0; i < document->entry_count; i++) {
		const struct peer_entry *entry = &document->entries[i];
		if (!pending || !entry->id || !pending_events_find(pending, entry->id))
			scenario_write_entry(writer, entry);
	}
	for (size_t i = 0; pending && i < pending->count; i++)
		if (!pending->peers[i]->removed)
			scenario_write_entry(writer, &pending->peers[i]->entry);
}

static void scenario_write_withheld(struct scenario_writer *writer, const struct key_public *key)
{
	struct peer_entry entry = {
		.error = "allowed_ips[", .has_key = true, .config.public_key = *key};
	scenario_write_entry(writer, &entry);
}

static void scenario_write_document_keys(
	struct scenario_writer *writer, const struct state_document *document)
{
	if (document->signing_keys_error) {
		scenario_write(writer, ",\"signing_keys\":{\"current\":\"unusable\"}");
	} else if (document->has_signing_keys) {
		scenario_write(writer, ",\"signing_keys\":");
		scenario_write_signing_keys(writer, &document->signing_keys);
	}
}

void scenario_write_state(struct scenario_writer *writer, const struct recorded_state *state)
{
	scenario_write(writer, "{\"peers\":[");
	scenario_write_entries(writer, state);
	for (size_t i = 0; i < state->withheld_count; i++)
		scenario_write_withheld(writer, &state->withheld[i]);
	scenario_write(writer, "]");
	if (state->with_signing_keys)
		scenario_write_document_keys(writer, state->document);
	scenario_write(writer, "}");
}
