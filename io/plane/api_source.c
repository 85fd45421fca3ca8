/* SPDX-License-Identifier: Apache-2.0 */
#include "api_source.h"

#include "diag.h"
#include "state_wire.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void api_source_init(struct api_source *source, const struct api_source_config *config)
{
	*source = (struct api_source){.config = *config};
}

void api_source_deinit(struct api_source *source)
{
	api_call_cancel(source->call);
	free(source->etag);
	free(source->error);
}

static void fail(struct api_source *source, int64_t retry_ms)
{
	struct fetch_answer answer = {
		.outcome = FETCH_FAILED, .error = source->error ? source->error : "out of memory"};
	source->config.listener.answered(source->config.listener.impl, &answer);
	source->config.listener.wants_cycle(source->config.listener.impl, retry_ms);
}

static void fetch_failed(struct api_source *source, const char *error, int64_t retry_after_ms)
{
	int64_t delay_ms = backoff_next_ms(&source->backoff, &source->config.plane->random);
	source->is_asked = retry_after_ms > delay_ms;
	if (source->is_asked)
		delay_ms = retry_after_ms;
	source->not_before_ms = loop_now_ms() + delay_ms;
	free(source->error);
	source->error = strdup(error);
	fail(source, delay_ms);
}

static void fetch_succeeded(struct api_source *source)
{
	bool has_recovered = source->error != NULL;
	backoff_reset(&source->backoff);
	free(source->error);
	source->error = NULL;
	if (has_recovered && source->config.recovered)
		source->config.recovered(source->config.impl);
}

/* Remember the hash of a document. Return whether it is that of the last one. */
static bool hash_replace(struct api_source *source, const struct secret_buffer *body)
{
	uint8_t hash[API_HASH_BYTES];
	crypto_generichash(hash, sizeof hash, (const uint8_t *)body->bytes, body->length, NULL, 0);
	bool same = source->has_hash && memcmp(hash, source->hash, sizeof hash) == 0;
	memcpy(source->hash, hash, sizeof hash);
	return same;
}

/* A document equal to the last one counts as "not modified", even if the server sent it anew. */
static void state_take(struct api_source *source, const struct api_state *state)
{
	struct state_document document = {0};
	struct fetch_answer answer = {.outcome = FETCH_NOT_MODIFIED, .document = &document};
	struct diag diag = {0};
	if (!hash_replace(source, state->body)) {
		int error = state_wire_read(state->body->bytes, state->body->length,
			&source->config.wire, &document, &diag);
		answer.outcome = error ? FETCH_FAILED : FETCH_DOCUMENT;
		answer.error = diag_text(&diag);
		source->has_hash = error == 0;
		if (!error)
			state_store_hold_document(
				source->config.store, state->body->bytes, state->body->length);
	}
	free(source->etag);
	source->etag = source->has_hash && *state->etag ? strdup(state->etag) : NULL;
	source->config.listener.answered(source->config.listener.impl, &answer);
	state_document_clear(&document);
	diag_clear(&diag);
}

static void fetch_done(void *impl, const struct api_result *result, const struct api_state *state)
{
	struct api_source *source = impl;
	struct fetch_answer answer = {.outcome = FETCH_NOT_MODIFIED};
	source->call = NULL;
	control_plane_note(source->config.plane, PLANE_CALL_STATE, result);
	if (result->outcome == API_OUTCOME_OK) {
		fetch_succeeded(source);
		state_take(source, state);
	} else if (result->outcome == API_OUTCOME_NOT_MODIFIED) {
		fetch_succeeded(source);
		source->config.listener.answered(source->config.listener.impl, &answer);
	} else {
		fetch_failed(source, result->error, result->retry_after_ms);
	}
}

static void document_forget(struct api_source *source)
{
	free(source->etag);
	source->etag = NULL;
	source->has_hash = false;
}

static void api_fetch(void *impl)
{
	struct api_source *source = impl;
	if (state_store_is_unsaved(source->config.store))
		document_forget(source);
	struct diag diag = {0};
	int64_t wait_ms = source->not_before_ms - loop_now_ms();
	if (source->error && wait_ms > 0) {
		fail(source, wait_ms);
		return;
	}
	const struct api_state_request request = {
		.token = source->config.plane->token,
		.etag = source->etag,
		.on_done = fetch_done,
		.impl = source,
	};
	int error = api_state_fetch(&source->config.plane->client, &request, &source->call, &diag);
	if (error)
		fetch_failed(source, diag_text(&diag), -1);
	diag_clear(&diag);
}

void api_source_retry_now(struct api_source *source)
{
	if (!source->error || source->is_asked)
		return;
	source->not_before_ms = 0;
	source->config.listener.wants_cycle(source->config.listener.impl, 0);
}

static void api_reload(void *impl)
{
	struct api_source *source = impl;
	document_forget(source);
	source->not_before_ms = 0;
	control_plane_reload(source->config.plane);
}

struct source api_source(struct api_source *source)
{
	return (struct source){.fetch = api_fetch, .reload = api_reload, .impl = source};
}
