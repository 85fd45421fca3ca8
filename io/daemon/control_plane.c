#include "control_plane.h"

#include "diag.h"
#include "identity_dir.h"
#include "secret_file.h"
#include "timestamp.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CLOCK_OFF_MAX_S 60

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
		.token_trouble = {.name = "node token"},
		.clock_trouble = {.name = "clock"},
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
	condition_clear(&plane->token_trouble);
	condition_clear(&plane->clock_trouble);
}

void control_plane_reload(struct control_plane *plane)
{
	char *token = NULL;
	struct diag diag = {0};
	if (identity_dir_read_token(plane->identity_directory, &token, &diag) != 0) {
		/* The old one stays in use: it may be good yet. */
		condition_trouble(&plane->token_trouble, &plane->logger, diag_text(&diag));
	} else {
		secret_text_free(plane->token);
		plane->token = token;
	}
	diag_clear(&diag);
}

static void clock_note(struct control_plane *plane, const struct api_result *result)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	int64_t off_s =
		now.tv_sec - result->server_date_age_ms / 1000 - result->server_date_ns / NS_PER_S;
	if (off_s <= CLOCK_OFF_MAX_S && off_s >= -CLOCK_OFF_MAX_S) {
		condition_well(&plane->clock_trouble, &plane->logger);
		return;
	}
	/* Not by how much: that would be another text each time. */
	condition_trouble(&plane->clock_trouble, &plane->logger,
		off_s > 0 ? "more than a minute ahead of the control plane's"
			  : "more than a minute behind the control plane's");
}

void control_plane_note(struct control_plane *plane, const struct api_result *result)
{
	if (result->has_server_date)
		clock_note(plane, result);
	if (result->outcome == API_OUTCOME_UNAUTHORIZED) {
		condition_trouble(&plane->token_trouble, &plane->logger,
			"the control plane does not know the token (401); it is read anew each "
			"time");
		control_plane_reload(plane);
	} else if (result->outcome == API_OUTCOME_OK ||
		   result->outcome == API_OUTCOME_NOT_MODIFIED) {
		condition_well(&plane->token_trouble, &plane->logger);
	}
}
