/*
 * The desired state as the control plane's API tells it. A fetch that fails is tried again sooner
 * than the interval, with a backoff.
 */
#pragma once

#include "backoff.h"
#include "control_plane.h"
#include "peer_wire.h"
#include "source.h"
#include "state_keeper.h"

#define API_HASH_BYTES 32

struct api_source {
	struct control_plane *plane;
	struct source_listener listener;
	struct peer_wire_options wire;
	struct state_keeper *keeper;
	/* Called after each fetch that succeeded. May be NULL. */
	void (*fetched)(void *impl);
	void *impl;

	struct api_call *call;
	struct backoff backoff;
	char *etag; /* of the document in force; NULL: none */
	bool has_hash;
	uint8_t hash[API_HASH_BYTES]; /* of that document */
	int64_t not_before_ms;        /* the control plane asked to be left alone until then */
};

void api_source_init(struct api_source *source, struct control_plane *plane,
	struct source_listener listener, const struct peer_wire_options *wire,
	struct state_keeper *keeper);
void api_source_deinit(struct api_source *source);
struct source api_source(struct api_source *source);
