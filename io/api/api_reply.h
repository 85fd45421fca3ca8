/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the control plane answers to a heartbeat and to a registration. Strict: a member of the
 * wrong type, or one that is repeated, spoils the answer.
 */
#pragma once

#include "arena.h"
#include "ip.h"
#include "json_span.h"
#include "key.h"

struct diag;

/* What the control plane wants of the node. */
struct api_orders {
	bool reconcile;
	bool rotate_keys;
};

/* Who the node is now. */
struct api_registration {
	const char *node_id;
	struct ip mesh_ip;
	struct key_public signing_public_key;
	const char *node_secret_key; /* a secret: the bearer token from here on */
	struct json_span peers;      /* an array as it came; without text if there was none */
};

/* A missing member is false; so is all of an empty text. Returns 0 or -EINVAL. */
int api_reply_read_orders(
	const char *text, size_t length, struct api_orders *ret, struct diag *diag);
/* The result points into `arena` and `text`. Returns 0, -ENOMEM, or -EINVAL; no error has the
 * secret in it. */
int api_reply_read_registration(const char *text, size_t length, struct arena *arena,
	struct api_registration *ret, struct diag *diag);

#define API_NODE_ID_MAX 255
/* 1 to 255 bytes without control characters, neither "." nor "..": it becomes part of URLs. */
bool api_node_id_is_valid(const char *node_id);
