/* SPDX-License-Identifier: Apache-2.0 */
#include "control_plane.h"

#include "diag.h"
#include "identity_dir.h"
#include "secret_file.h"
#include "timestamp.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CLOCK_OFF_MAX_S 60
/* The problem is resolved only below this, so that a clock near the limit is not logged repeatedly.
 */
#define CLOCK_OFF_RESOLVED_S 45

static uint32_t system_random(void *impl)
{
	return randombytes_random();
}

int control_plane_open(struct control_plane *plane, struct loop *loop,
	const struct api_options *options, const char *identity_directory, struct logger logger,
	struct diag *diag)
{
	*plane = (struct control_plane){
		.identity_directory = identity_directory,
		.logger = logger,
		.token_problem = {.name = "node token", .loop = loop},
		.clock_problem = {.name = "clock", .loop = loop},
		.random = {.next = system_random},
	};
	int error = identity_dir_read_token(identity_directory, &plane->token, diag);
	if (error)
		return error;
	error = api_client_init(&plane->client, loop, options, diag);
	if (error) {
		secret_text_free(plane->token);
		plane->token = NULL;
	}
	return error;
}

void control_plane_close(struct control_plane *plane)
{
	if (!plane->token)
		return;
	api_client_deinit(&plane->client);
	secret_text_free(plane->token);
	plane->token = NULL;
	problem_clear(&plane->token_problem);
	problem_clear(&plane->clock_problem);
}

/* On failure the old token stays in use: it may still be valid. */
static int token_read(struct control_plane *plane, struct diag *diag)
{
	char *token;
	int error = identity_dir_read_token(plane->identity_directory, &token, diag);
	plane->is_token_unread = error != 0;
	if (error)
		return error;
	secret_text_free(plane->token);
	plane->token = token;
	return 0;
}

void control_plane_reload(struct control_plane *plane)
{
	struct diag diag = {0};
	if (token_read(plane, &diag) != 0)
		problem_raise(&plane->token_problem, &plane->logger, diag_text(&diag));
	diag_clear(&diag);
}

static void token_refused(struct control_plane *plane)
{
	struct diag diag = {0};
	int error = token_read(plane, &diag);
	if (error)
		diag_wrap(&diag, error, "refused (401), and its file cannot be read");
	else
		diag_fail(&diag, 0, "refused (401); its file is read again before each retry");
	problem_raise(&plane->token_problem, &plane->logger, diag_text(&diag));
	diag_clear(&diag);
}

static void clock_note(struct control_plane *plane, const struct api_result *result)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	int64_t off_s =
		now.tv_sec - result->server_date_age_ms / 1000 - result->server_date_ns / NS_PER_S;
	int64_t max_s =
		problem_is_raised(&plane->clock_problem) ? CLOCK_OFF_RESOLVED_S : CLOCK_OFF_MAX_S;
	if (off_s <= max_s && off_s >= -max_s) {
		problem_resolve(&plane->clock_problem, &plane->logger);
		return;
	}
	/* The text has no exact offset: it would differ, and be logged, each time. */
	problem_raise(&plane->clock_problem, &plane->logger,
		off_s > 0 ? "more than a minute ahead of the control plane's"
			  : "more than a minute behind the control plane's");
}

void control_plane_note(
	struct control_plane *plane, enum plane_call call, const struct api_result *result)
{
	unsigned bit = 1U << call;
	if (result->has_server_date)
		clock_note(plane, result);
	if (result->outcome == API_OUTCOME_UNAUTHORIZED) {
		plane->refused_calls |= bit;
		token_refused(plane);
		return;
	}
	plane->refused_calls &= ~bit;
	bool is_accepted =
		result->outcome == API_OUTCOME_OK || result->outcome == API_OUTCOME_NOT_MODIFIED;
	if (!is_accepted || plane->refused_calls)
		return;
	/* The old token may be accepted while its file is still unreadable. */
	if (plane->is_token_unread)
		control_plane_reload(plane);
	if (!plane->is_token_unread)
		problem_resolve(&plane->token_problem, &plane->logger);
}
