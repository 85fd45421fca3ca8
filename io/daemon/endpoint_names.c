/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint_names.h"

static bool has_name(const struct peer_entry *entry)
{
	return !entry->error && entry->config.endpoint.kind == ENDPOINT_NAME;
}

const struct peer_entry *endpoint_names_next(struct endpoint_names *names)
{
	while (names->entry_at < names->document->entry_count) {
		const struct peer_entry *entry = &names->document->entries[names->entry_at++];
		if (has_name(entry))
			return entry;
	}
	while (names->pending && names->event_at < names->pending->count) {
		const struct pending_peer *peer = names->pending->peers[names->event_at++];
		if (!peer->removed && has_name(&peer->entry))
			return &peer->entry;
	}
	return NULL;
}

int endpoint_names_want(struct endpoint_names names, struct resolver *resolver)
{
	const struct peer_entry *entry;
	int error = 0;
	resolver_unwant(resolver);
	while (!error && (entry = endpoint_names_next(&names)))
		error = resolver_want(resolver, entry->config.endpoint.host);
	return error;
}

const char *endpoint_name_fault(const struct peer_entry *entry, const struct resolver *resolver)
{
	const struct name_record *name = resolver_find(resolver, entry->config.endpoint.host);
	if (!name || name->state == NAME_PENDING)
		return "no answer in time";
	return name->error;
}
