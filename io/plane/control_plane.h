/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state that all calls to the control plane share: the HTTP client, this node's bearer token,
 * and the logged problems of the token and of the clock.
 */
#pragma once

#include "api_client.h"
#include "problem.h"
#include "random.h"

/* The calls, each of which may accept or refuse the token. */
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
	bool is_token_unread;   /* the last attempt to read its file failed */
	unsigned refused_calls; /* one bit for each plane_call whose last answer was 401 */
	struct problem token_problem;
	struct problem clock_problem;
	struct random_source random;
};

/* Read the token from the identity directory and open the client. Returns 0 or a negative errno. */
int control_plane_open(struct control_plane *plane, struct loop *loop,
	const struct api_options *options, const char *identity_directory, struct logger logger,
	struct diag *diag);
/* Do not call it from a callback of the client. */
void control_plane_close(struct control_plane *plane);
/*
 * Call it with the result of each call. It reads the token anew if the control plane refused it,
 * and logs once that this node's clock differs from the control plane's.
 */
void control_plane_note(
	struct control_plane *plane, enum plane_call call, const struct api_result *result);
/* Read the token again, on SIGHUP. */
void control_plane_reload(struct control_plane *plane);
