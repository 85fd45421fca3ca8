/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read the control plane's replies to a heartbeat and to a registration. A member of the wrong type
 * or a repeated one is an error.
 */
#pragma once

#include "arena.h"
#include "ip.h"
#include "json_span.h"
#include "key.h"

struct diag;

/* What the control plane orders the node to do. */
struct api_orders {
	bool reconcile;
	bool rotate_keys;
};

/* The node's new identity. */
struct api_registration {
	const char *node_id;
	struct ip mesh_ip;
	struct key_public signing_public_key;
	const char *node_secret_key; /* a secret: the bearer token from here on */
	struct json_span peers;      /* an array as received; no text: missing */
};

/* A missing member is false, and an empty text has no members. Returns 0 or -EINVAL. */
int api_reply_read_orders(
	const char *text, size_t length, struct api_orders *ret, struct diag *diag);
/* The result borrows from `arena`, which is secret, and `text`. Returns 0, -ENOMEM, or -EINVAL, with an error that
 * never contains the secret. */
int api_reply_read_registration(const char *text, size_t length, struct arena *arena,
	struct api_registration *ret, struct diag *diag);

#define API_NODE_ID_MAX 255
/* 1 to 255 bytes without control characters, neither "." nor "..": it becomes part of URLs. */
bool api_node_id_is_valid(const char *node_id);
