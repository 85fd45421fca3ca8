/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The desired state as the control plane's API tells it. After a fetch that failed the next request
 * waits for a backoff, or as long as the control plane asked for; a cycle that comes sooner gets
 * the same failure once more, and the last good state does.
 */
#pragma once

#include "backoff.h"
#include "control_plane.h"
#include "peer_wire.h"
#include "source.h"
#include "state_store.h"

#define API_HASH_BYTES 32

struct api_source {
	struct control_plane *plane;
	struct source_listener listener;
	struct peer_wire_options wire;
	struct state_store *store;
	/* Called when a fetch succeeds after one that failed. May be NULL. */
	void (*recovered)(void *impl);
	void *impl;

	struct api_call *call;
	struct backoff backoff;
	char *etag; /* of the document in force; NULL: none */
	bool has_hash;
	uint8_t hash[API_HASH_BYTES]; /* of that document */
	char *error;                  /* of the last fetch; NULL: it went well */
	int64_t not_before_ms;        /* no request until then */
	bool is_asked;                /* the control plane itself named that time */
};

void api_source_init(struct api_source *source, struct control_plane *plane,
	struct source_listener listener, const struct peer_wire_options *wire,
	struct state_store *store);
void api_source_deinit(struct api_source *source);
struct source api_source(struct api_source *source);
/* There is a sign of life: a fetch that failed is made again now, unless the control plane asked
 * for a pause. */
void api_source_retry_now(struct api_source *source);
