/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Write the JSON bodies of requests to the control plane.
 */
#pragma once

#include "secret_buffer.h"

#include <stdint.h>

/* A change of a reconcile cycle that corrected drift. */
struct api_correction {
	const char *type;   /* such as "peer_removed" */
	const char *detail; /* such as "peer peer-7" */
};

struct api_heartbeat {
	int64_t timestamp_ns;
	const char *status; /* such as "healthy" */
	int64_t uptime_s;
	const char *interface;
	size_t peer_count;
	uint16_t listen_port;
};

/* The functions append to an empty buffer and return 0 or -ENOMEM. */
int api_body_drift(struct secret_buffer *body, int64_t timestamp_ns,
	const struct api_correction *corrections, size_t count);
/* Uptime has Go's form of a duration: 26h3m4s. */
int api_body_heartbeat(
	struct secret_buffer *body, const char *node_id, const struct api_heartbeat *heartbeat);
int api_body_register(struct secret_buffer *body, const char *join_token, const char *public_key,
	const char *hostname);
