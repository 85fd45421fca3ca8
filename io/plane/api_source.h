/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fetch the desired state from the control plane's API. After a failed fetch the next request waits
 * for a backoff, or longer if the control plane asked for that (Retry-After). A cycle that comes
 * sooner gets the same error again and works with the last good state.
 */
#pragma once

#include "backoff.h"
#include "control_plane.h"
#include "peer_wire.h"
#include "source.h"
#include "state_store.h"

#define API_HASH_BYTES 32

/* All borrowed, except that `wire` is copied. */
struct api_source_config {
	struct control_plane *plane;
	struct source_listener listener;
	struct peer_wire_options wire;
	struct state_store *store;
	/* Called when a fetch succeeds after a failed one. May be NULL. */
	void (*recovered)(void *impl);
	void *impl;
};

struct api_source {
	struct api_source_config config;
	struct api_call *call;
	struct backoff backoff;
	char *etag; /* of the document in force; NULL: none */
	bool has_hash;
	uint8_t hash[API_HASH_BYTES]; /* of that document */
	char *error;                  /* of the last fetch; NULL: it succeeded */
	int64_t not_before_ms;        /* no request until then */
	bool is_asked;                /* the control plane chose that time (Retry-After) */
};

void api_source_init(struct api_source *source, const struct api_source_config *config);
void api_source_deinit(struct api_source *source);
/* Return the source for the cycle, also before api_source_init; it borrows `source`. */
struct source api_source(struct api_source *source);
/* The control plane answers again: retry a failed fetch now, unless it asked for a pause. */
void api_source_retry_now(struct api_source *source);
