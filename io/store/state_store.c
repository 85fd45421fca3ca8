/* SPDX-License-Identifier: Apache-2.0 */
#include "state_store.h"

#include "diag.h"
#include "secret_memory.h"
#include "state_file.h"
#include "state_wire.h"

#include <errno.h>
#include <string.h>

void state_store_init(struct state_store *store, const struct state_store_config *config)
{
	*store = (struct state_store){
		.config = *config,
		.write_problem = {.name = "last good state", .loop = config->loop},
	};
	state_store_file_init(&store->cache, &config->owner);
}

static void store_note(struct state_store *store, int error, const struct diag *diag)
{
	const struct logger *logger = &store->config.manager->logger;
	if (error)
		problem_raise(&store->write_problem, logger, diag_text(diag));
	else
		problem_resolve(&store->write_problem, logger);
}

/* Write the document, or, if it is NULL, what has changed since. */
static int store_write(struct state_store *store, const struct file_text *document)
{
	const struct pending_events *pending = &store->config.manager->pending;
	struct peer_names names = {0};
	struct diag diag = {0};
	int error = peer_index_snapshot(&store->config.manager->index, &names);
	struct state_store_peers peers = {.pending = pending, .names = &names};
	if (!error && document && !document->text)
		error = -ENOMEM;
	if (error)
		diag_fail_errno(&diag, error);
	else if (document)
		error = state_store_file_store_document(
			&store->cache, document->text, document->length, &peers, &diag);
	else
		error = state_store_file_store_peers(&store->cache, &peers, &diag);
	store_note(store, error, &diag);
	peer_names_clear(&names);
	diag_clear(&diag);
	return error;
}

void state_store_hold_document(struct state_store *store, const char *text, size_t length)
{
	file_text_clear(&store->held);
	store->is_unsaved = true;
	store->held.text = secret_alloc(length);
	if (!store->held.text)
		return;
	memcpy(store->held.text, text, length);
	store->held.length = store->held.capacity = length;
}

bool state_store_is_unsaved(const struct state_store *store)
{
	return store->is_unsaved;
}

static void document_save(void *impl, const struct state_document *document)
{
	struct state_store *store = impl;
	store->is_unsaved = store_write(store, &store->held) != 0;
	file_text_clear(&store->held);
}

struct observer state_store_observer(struct state_store *store)
{
	return (struct observer){.document_taken = document_save, .impl = store};
}

static void peers_store(void *impl)
{
	struct state_store *store = impl;
	/* A write of nothing would succeed, and resolve the problem of the last one. */
	if (!store->cache.has_document)
		return;
	int64_t start_ms = loop_now_ms();
	store_write(store, NULL);
	int64_t end_ms = loop_now_ms();
	store->not_before_ms = end_ms + (end_ms - start_ms) * STATE_STORE_REST;
}

void state_store_save_peers(struct state_store *store)
{
	int64_t delay_ms = store->not_before_ms - loop_now_ms();
	if (delay_ms < STATE_STORE_DELAY_MS)
		delay_ms = STATE_STORE_DELAY_MS;
	if (!store->timer.is_set)
		loop_timer_set(store->config.loop, &store->timer, delay_ms, peers_store, store);
}

void state_store_deinit(struct state_store *store)
{
	if (store->timer.is_set)
		peers_store(store);
	loop_timer_cancel(store->config.loop, &store->timer);
	file_text_clear(&store->held);
	problem_clear(&store->write_problem);
}

/* Warn that the source's next answer of that size will be rejected. */
static void limits_warn(const struct state_store *store, const struct cached_state *state,
	const struct peer_wire_options *options)
{
	struct diag diag = {0};
	size_t max = store->config.document_bytes_max ? store->config.document_bytes_max
						      : STATE_BYTES_MAX;
	int error = state_wire_check_limits(&state->document, options, &diag);
	if (state->document_bytes > max)
		error = diag_add(&diag, -E2BIG, "over %zu MiB (--max-state-mib)", max >> 20);
	if (error)
		log_line(&store->config.manager->logger, LOG_CACHED_STATE_EXCEEDS_LIMITS, "error",
			diag_text(&diag), NULL);
	diag_clear(&diag);
}

int state_store_restore(struct state_store *store, const struct peer_wire_options *options,
	struct reconciler *reconciler, struct diag *diag)
{
	struct cached_state state = {0};
	int error = state_store_file_load(&store->cache, options, &state, diag);
	if (error)
		return error;
	if (state.fault)
		log_line(&store->config.manager->logger, LOG_CACHED_EVENTS_DISCARDED, "error",
			state.fault, NULL);
	limits_warn(store, &state, options);
	error = peer_index_load_from_peers(
		&store->config.manager->index, state.peers.names, state.peers.name_count);
	if (error) {
		cached_state_clear(&state);
		return diag_fail_errno(diag, error);
	}
	pending_events_clear(&store->config.manager->pending);
	store->config.manager->pending = state.peers.pending;
	state.peers.pending = (struct pending_events){0};
	reconciler_preload(reconciler, &state.document);
	cached_state_clear(&state);
	return 0;
}
