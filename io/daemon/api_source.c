#include "api_source.h"

#include "diag.h"
#include "state_wire.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void api_source_init(struct api_source *source, struct control_plane *plane,
	struct source_listener listener, const struct peer_wire_options *wire,
	struct state_keeper *keeper)
{
	*source = (struct api_source){
		.plane = plane, .listener = listener, .wire = *wire, .keeper = keeper};
}

void api_source_deinit(struct api_source *source)
{
	api_call_cancel(source->call);
	free(source->etag);
}

static void source_fail(struct api_source *source, const char *error, int64_t retry_ms)
{
	struct fetch_answer answer = {.outcome = FETCH_FAILED, .error = error};
	source->listener.answered(source->listener.impl, &answer);
	source->listener.wants_cycle(source->listener.impl, retry_ms);
}

static int64_t retry_delay_ms(struct api_source *source, const struct api_result *result)
{
	int64_t delay_ms = backoff_next_ms(&source->backoff, &source->plane->random);
	if (result->retry_after_ms > delay_ms) {
		delay_ms = result->retry_after_ms;
		source->not_before_ms = loop_now_ms() + delay_ms;
	}
	return delay_ms;
}

static bool is_last_document(struct api_source *source, const struct secret_buffer *body)
{
	uint8_t hash[API_HASH_BYTES];
	crypto_generichash(hash, sizeof hash, (const uint8_t *)body->bytes, body->length, NULL, 0);
	bool same = source->has_hash && memcmp(hash, source->hash, sizeof hash) == 0;
	memcpy(source->hash, hash, sizeof hash);
	return same;
}

/* A document equal to the last one is "not modified", whatever the server calls it. */
static void state_take(struct api_source *source, const struct api_state *state)
{
	struct state_document document = {0};
	struct fetch_answer answer = {.outcome = FETCH_NOT_MODIFIED, .document = &document};
	struct diag diag = {0};
	if (!is_last_document(source, state->body)) {
		source->has_hash = false;
		int error = state_wire_read(
			state->body->bytes, state->body->length, &source->wire, &document, &diag);
		answer.outcome = error ? FETCH_FAILED : FETCH_DOCUMENT;
		answer.error = diag_text(&diag);
		if (!error) {
			source->has_hash = true;
			state_keeper_keep_document(
				source->keeper, state->body->bytes, state->body->length);
		}
	}
	free(source->etag);
	source->etag = source->has_hash && *state->etag ? strdup(state->etag) : NULL;
	source->listener.answered(source->listener.impl, &answer);
	if (answer.outcome != FETCH_FAILED && source->fetched)
		source->fetched(source->impl);
	state_document_clear(&document);
	diag_clear(&diag);
}

static void fetch_done(void *impl, const struct api_result *result, const struct api_state *state)
{
	struct api_source *source = impl;
	struct fetch_answer answer = {.outcome = FETCH_NOT_MODIFIED};
	source->call = NULL;
	control_plane_note(source->plane, result);
	if (result->outcome == API_OUTCOME_OK) {
		backoff_reset(&source->backoff);
		state_take(source, state);
	} else if (result->outcome == API_OUTCOME_NOT_MODIFIED) {
		backoff_reset(&source->backoff);
		source->listener.answered(source->listener.impl, &answer);
		if (source->fetched)
			source->fetched(source->impl);
	} else {
		source_fail(source, result->error, retry_delay_ms(source, result));
	}
}

static void fetch(void *impl)
{
	struct api_source *source = impl;
	struct diag diag = {0};
	int64_t wait_ms = source->not_before_ms - loop_now_ms();
	if (wait_ms > 0) {
		source_fail(
			source, "the control plane asked to be left alone for a while", wait_ms);
		return;
	}
	int error = api_state_fetch(&source->plane->client, source->plane->token, source->etag,
		fetch_done, source, &source->call, &diag);
	if (error)
		source_fail(source, diag_text(&diag),
			backoff_next_ms(&source->backoff, &source->plane->random));
	diag_clear(&diag);
}

static void reload(void *impl)
{
	struct api_source *source = impl;
	free(source->etag);
	source->etag = NULL;
	source->has_hash = false;
	source->not_before_ms = 0;
	control_plane_reload(source->plane);
}

struct source api_source(struct api_source *source)
{
	return (struct source){.fetch = fetch, .reload = reload, .impl = source};
}
