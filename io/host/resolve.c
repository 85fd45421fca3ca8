#include "resolve.h"

#include "deadline.h"
#include "resolved_address.h"
#include "timestamp.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool has_name(const struct peer_entry *entry)
{
	return !entry->error && entry->config.endpoint.kind == ENDPOINT_NAME;
}

static int entry_unresolved(
	struct state_document *document, struct peer_entry *entry, const char *reason)
{
	char text[PEER_ID_MAX + ENDPOINT_HOST_MAX + 200];
	snprintf(text, sizeof text, "peers[%zu] \"%s\": endpoint: \"%s\": %s",
		(size_t)(entry - document->entries), entry->id, entry->config.endpoint.host,
		reason);
	entry->error = arena_strndup(&document->arena, text, strlen(text));
	return entry->error ? 0 : -ENOMEM;
}

struct lookup {
	struct gaicb request;
	struct peer_entry *entry;
	char host[ENDPOINT_HOST_MAX + 1]; /* the request's own: it may outlive the document */
};

/* Waits until every request has ended or the deadline has passed. */
static void lookups_wait(struct gaicb **requests, size_t count, int timeout_ms)
{
	struct deadline deadline = deadline_in(timeout_ms);
	for (size_t i = 0; i < count; i++) {
		while (gai_error(requests[i]) == EAI_INPROGRESS) {
			int left_ms = deadline_left_ms(deadline);
			if (left_ms == 0)
				return;
			struct timespec timeout = {
				.tv_sec = left_ms / 1000, .tv_nsec = left_ms % 1000 * NS_PER_MS};
			const struct gaicb *one[] = {requests[i]};
			gai_suspend(one, 1, &timeout);
		}
	}
}

/*
 * The resolver's threads write into requests that are still under way, so that these cannot be
 * freed: they are left to the process, which is about to give the work up.
 */
static bool lookups_take(
	struct state_document *document, struct lookup *lookups, size_t count, int *ret_error)
{
	bool all_ended = true;
	for (size_t i = 0; i < count; i++) {
		struct gaicb *request = &lookups[i].request;
		int status = gai_error(request);
		if (status == EAI_INPROGRESS && gai_cancel(request) != EAI_CANCELED)
			all_ended = false;
		const char *reason = status == EAI_INPROGRESS ? "no answer in time"
				     : status                 ? gai_strerror(status)
							      : NULL;
		struct endpoint *endpoint = &lookups[i].entry->config.endpoint;
		if (!reason && !resolved_address(request->ar_result, &endpoint->ip))
			reason = RESOLVED_UNUSABLE;
		if (reason && !*ret_error)
			*ret_error = entry_unresolved(document, lookups[i].entry, reason);
		if (!reason) {
			endpoint->kind = ENDPOINT_IP;
			endpoint->host = NULL;
		}
		if (!status)
			freeaddrinfo(request->ar_result);
	}
	return all_ended;
}

int endpoints_resolve(struct state_document *document, int timeout_ms)
{
	static const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG};
	size_t count = 0, used = 0;
	for (size_t i = 0; i < document->entry_count; i++)
		count += has_name(&document->entries[i]);
	if (count == 0)
		return 0;
	struct lookup *lookups = calloc(count, sizeof *lookups);
	struct gaicb **requests = calloc(count, sizeof(*requests));
	int error = -ENOMEM;
	bool all_ended = true;
	if (!lookups || !requests)
		goto out;
	for (size_t i = 0; i < document->entry_count; i++) {
		struct peer_entry *entry = &document->entries[i];
		if (!has_name(entry))
			continue;
		struct lookup *lookup = &lookups[used];
		lookup->entry = entry;
		strcpy(lookup->host, entry->config.endpoint.host);
		lookup->request.ar_name = lookup->host;
		lookup->request.ar_request = &hints;
		requests[used++] = &lookup->request;
	}
	error = 0;
	if (getaddrinfo_a(GAI_NOWAIT, requests, (int)count, NULL) == 0)
		lookups_wait(requests, count, timeout_ms);
	all_ended = lookups_take(document, lookups, count, &error);
out:
	if (all_ended)
		free(lookups);
	free(requests);
	return error;
}
