#include "state_document.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct peer_entry *state_document_append(struct state_document *document)
{
	if (document->entry_count == document->entry_capacity) {
		size_t capacity = document->entry_capacity ? document->entry_capacity * 2 : 16;
		/* Not realloc: it would leave preshared keys behind in freed memory. */
		struct peer_entry *entries = calloc(capacity, sizeof *entries);
		if (!entries)
			return NULL;
		size_t used = document->entry_count * sizeof *entries;
		if (document->entries) {
			memcpy(entries, document->entries, used);
			sodium_memzero(document->entries, used);
		}
		free(document->entries);
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
	if (document->entries)
		sodium_memzero(
			document->entries, document->entry_count * sizeof *document->entries);
	free(document->entries);
	arena_clear(&document->arena);
	*document = (struct state_document){0};
}
