/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control plane as all who talk to it share it: the client, this node's bearer token, and what
 * was said in the log of its clock and its trust in us.
 */
#pragma once

#include "api_client.h"
#include "problem.h"
#include "random.h"

/* What is asked of it, each with an answer of its own to the token. */
enum plane_call {
	PLANE_CALL_STATE,
	PLANE_CALL_STREAM,
	PLANE_CALL_HEARTBEAT,
	PLANE_CALL_DRIFT,
};

struct control_plane {
	struct api_client client;
	const char *identity_directory; /* borrowed */
	char *token;                    /* a secret; never NULL once open */
	struct logger logger;
	bool is_token_unread;   /* its file could not be read the last time */
	unsigned refused_calls; /* a bit for each plane_call that was answered 401 last */
	struct problem token_problem;
	struct problem clock_problem;
	struct random_source random;
};

/* Reads the token from the identity directory. Returns 0 or a negative errno. */
int control_plane_open(struct control_plane *plane, struct loop *loop,
	const struct api_options *options, const char *identity_directory, struct logger logger,
	struct diag *diag);
/* Not from a callback of the client. */
void control_plane_close(struct control_plane *plane);
/*
 * For the result of each call: a refused token is read anew from its file, and a clock that is far
 * off is said once.
 */
void control_plane_note(
	struct control_plane *plane, enum plane_call call, const struct api_result *result);
/* SIGHUP: the token may be another. */
void control_plane_reload(struct control_plane *plane);
