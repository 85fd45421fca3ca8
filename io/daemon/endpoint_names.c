#include "endpoint_names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int endpoint_names_collect(struct endpoint_names *names, const struct state_document *document,
	struct resolver *resolver)
{
	size_t count = 0;
	for (size_t i = 0; i < document->entry_count; i++)
		count += !document->entries[i].error &&
			 document->entries[i].config.endpoint.kind == ENDPOINT_NAME;
	struct endpoint_names found = {.names = calloc(count ? count : 1, sizeof *found.names)};
	if (!found.names)
		return -ENOMEM;
	for (size_t i = 0; i < document->entry_count; i++) {
		const struct endpoint *endpoint = &document->entries[i].config.endpoint;
		if (document->entries[i].error || endpoint->kind != ENDPOINT_NAME)
			continue;
		struct endpoint_name *name = &found.names[found.count];
		*name = (struct endpoint_name){
			.entry = i, .host = strdup(endpoint->host), .port = endpoint->port};
		int error = -ENOMEM;
		if (name->host) {
			found.count++;
			error = resolver_find(resolver, name->host)
					? 0
					: resolver_ask(resolver, name->host);
		}
		if (error) {
			endpoint_names_clear(&found);
			return error;
		}
	}
	endpoint_names_clear(names);
	*names = found;
	return 0;
}

size_t endpoint_names_pending(const struct endpoint_names *names, const struct resolver *resolver)
{
	size_t count = 0;
	for (size_t i = 0; i < names->count; i++) {
		const struct name_record *record = resolver_find(resolver, names->names[i].host);
		count += !record || record->state == NAME_PENDING;
	}
	return count;
}

#define FAULT_SIZE (PEER_ID_MAX + ENDPOINT_HOST_MAX + 200)

/* The document may stay for long, and what is wrong may change ever so often: the text has one
 * place. */
static int entry_unresolved(struct state_document *document, struct endpoint_name *name,
	const struct name_record *record)
{
	struct peer_entry *entry = &document->entries[name->entry];
	if (!name->fault)
		name->fault = arena_alloc(&document->arena, FAULT_SIZE);
	if (!name->fault)
		return -ENOMEM;
	snprintf(name->fault, FAULT_SIZE, "peers[%zu] \"%s\": endpoint: \"%s\": %s", name->entry,
		entry->id, name->host,
		record && record->error ? record->error : "no answer in time");
	entry->error = name->fault;
	return 0;
}

int endpoint_names_fill(struct endpoint_names *names, const struct resolver *resolver,
	struct state_document *document)
{
	for (size_t i = 0; i < names->count; i++) {
		struct endpoint_name *name = &names->names[i];
		struct peer_entry *entry = &document->entries[name->entry];
		const struct name_record *record = resolver_find(resolver, name->host);
		if (!record || record->state != NAME_GOOD) {
			int error = entry_unresolved(document, name, record);
			if (error)
				return error;
			continue;
		}
		entry->error = NULL;
		entry->config.endpoint = (struct endpoint){
			.kind = ENDPOINT_IP, .ip = record->ip, .port = name->port};
	}
	return 0;
}

void endpoint_names_clear(struct endpoint_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->names[i].host);
	free(names->names);
	*names = (struct endpoint_names){0};
}
