/* SPDX-License-Identifier: Apache-2.0 */
#include "tell_state.h"

void tell_peer(struct teller *teller, const struct peer_config *peer)
{
	tell(teller, "{\"id\":");
	tell_id(teller, peer->id);
	tell(teller, ",");
	tell_peer_members(teller, peer);
	tell(teller, "}");
}

static void tell_entry(struct teller *teller, const struct peer_entry *entry)
{
	tell_comma(teller);
	tell(teller, "\n\t");
	if (entry->error)
		tell_unusable(teller, entry);
	else
		tell_peer(teller, &entry->config);
}

/* The document's entries but for those that an event says otherwise of, then what events say. */
static void tell_entries(struct teller *teller, const struct told_state *state)
{
	const struct state_document *document = state->document;
	const struct event_overlay *overlay = state->overlay;
	for (size_t i = 0; i < document->entry_count; i++) {
		const struct peer_entry *entry = &document->entries[i];
		if (!overlay || !entry->id || !event_overlay_find(overlay, entry->id))
			tell_entry(teller, entry);
	}
	for (size_t i = 0; overlay && i < overlay->count; i++)
		if (!overlay->peers[i].removed)
			tell_entry(teller, &overlay->peers[i].entry);
}

static void tell_held(struct teller *teller, const struct key_public *key)
{
	struct peer_entry entry = {
		.error = "allowed_ips[", .has_key = true, .config.public_key = *key};
	tell_entry(teller, &entry);
}

static void tell_document_keys(struct teller *teller, const struct state_document *document)
{
	if (document->signing_keys_error) {
		tell(teller, ",\"signing_keys\":{\"current\":\"unusable\"}");
	} else if (document->has_signing_keys) {
		tell(teller, ",\"signing_keys\":");
		tell_signing_keys(teller, &document->signing_keys);
	}
}

void tell_state(struct teller *teller, const struct told_state *state)
{
	tell(teller, "{\"peers\":[");
	tell_entries(teller, state);
	for (size_t i = 0; i < state->held_count; i++)
		tell_held(teller, &state->held[i]);
	tell(teller, "]");
	if (state->with_signing_keys)
		tell_document_keys(teller, state->document);
	tell(teller, "}");
}
