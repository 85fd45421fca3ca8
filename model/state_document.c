/* SPDX-License-Identifier: Apache-2.0 */
#include "state_document.h"

#include "secret_memory.h"

struct peer_entry *state_document_append(struct state_document *document)
{
	if (document->entry_count == document->entry_capacity) {
		size_t capacity = document->entry_capacity + document->entry_capacity / 2 + 16;
		size_t used = document->entry_count * sizeof *document->entries;
		/* The array is full: its capacity equals what is used. */
		struct peer_entry *entries =
			secret_grow(document->entries, used, used, capacity * sizeof *entries);
		if (!entries)
			return NULL;
		document->entries = entries;
		document->entry_capacity = capacity;
	}
	return &document->entries[document->entry_count++];
}

bool state_document_has_psk(const struct state_document *document)
{
	for (size_t i = 0; i < document->entry_count; i++)
		if (!key_secret_is_zero(&document->entries[i].config.psk))
			return true;
	return false;
}

void state_document_clear(struct state_document *document)
{
	secret_free(document->entries, document->entry_capacity * sizeof *document->entries);
	arena_clear(&document->arena);
	*document = (struct state_document){0};
}
