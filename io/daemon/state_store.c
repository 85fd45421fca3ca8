/* SPDX-License-Identifier: Apache-2.0 */
#include "state_store.h"

#include "diag.h"
#include "state_file.h"
#include "state_wire.h"

#include <errno.h>

void state_store_init(struct state_store *keeper, struct loop *loop, struct manager *manager,
	const struct state_store_file_owner *owner)
{
	*keeper = (struct state_store){.loop = loop,
		.manager = manager,
		.trouble = {.name = "last good state", .loop = loop}};
	state_store_file_init(&keeper->cache, owner);
}

static void keeper_note(struct state_store *keeper, int error, const struct diag *diag)
{
	const struct logger *logger = &keeper->manager->logger;
	if (error)
		problem_raise(&keeper->trouble, logger, diag_text(diag));
	else
		problem_resolve(&keeper->trouble, logger);
}

/* With `text` the document is stored, else what has happened since. */
static int keeper_store(
	struct state_store *keeper, uint64_t overtaken_order, const char *text, size_t length)
{
	const struct pending_events *overlay = &keeper->manager->overlay;
	struct peer_names names = {0};
	struct diag diag = {0};
	int error = peer_index_snapshot(&keeper->manager->index, &names);
	struct state_store_peers peers = {
		.overlay = overlay, .names = &names, .overtaken_order = overtaken_order};
	if (error)
		diag_fail_errno(&diag, error);
	else if (text)
		error = state_store_file_store_document(
			&keeper->cache, text, length, &peers, &diag);
	else
		error = state_store_file_store_peers(&keeper->cache, &peers, &diag);
	keeper_note(keeper, error, &diag);
	peer_names_clear(&names);
	diag_clear(&diag);
	return error;
}

int state_store_keep_document(struct state_store *keeper, const char *text, size_t length)
{
	/* The fetch overtook the events up to its beginning. */
	return keeper_store(keeper, keeper->manager->overlay.fetch_order, text, length);
}

static void peers_store(void *impl)
{
	struct state_store *keeper = impl;
	/* With nothing to write it would seem that what failed before is well again. */
	if (!keeper->cache.has_document)
		return;
	int64_t start_ms = loop_now_ms();
	keeper_store(keeper, 0, NULL, 0);
	int64_t end_ms = loop_now_ms();
	keeper->rested_ms = end_ms + (end_ms - start_ms) * STATE_KEEPER_REST;
}

void state_store_keep_peers(struct state_store *keeper)
{
	int64_t delay_ms = keeper->rested_ms - loop_now_ms();
	if (delay_ms < STATE_KEEPER_DELAY_MS)
		delay_ms = STATE_KEEPER_DELAY_MS;
	if (!keeper->timer.is_set)
		loop_timer_set(keeper->loop, &keeper->timer, delay_ms, peers_store, keeper);
}

void state_store_deinit(struct state_store *keeper)
{
	if (keeper->timer.is_set)
		peers_store(keeper);
	loop_timer_cancel(keeper->loop, &keeper->timer);
	problem_clear(&keeper->trouble);
}

/* The source's next answer of that size will be rejected. */
static void limits_warn(const struct state_store *keeper, const struct cached_state *state,
	const struct peer_wire_options *options)
{
	struct diag diag = {0};
	size_t max = keeper->document_bytes_max ? keeper->document_bytes_max : STATE_BYTES_MAX;
	int error = state_wire_check_limits(&state->document, options, &diag);
	if (state->document_bytes > max)
		error = diag_add(&diag, -E2BIG, "over %zu MiB (--max-state-mib)", max >> 20);
	if (error)
		log_line(&keeper->manager->logger, LOG_CACHED_STATE_EXCEEDS_LIMITS, "error",
			diag_text(&diag), NULL);
	diag_clear(&diag);
}

int state_store_restore(struct state_store *keeper, const struct peer_wire_options *options,
	struct reconciler *reconciler, struct diag *diag)
{
	struct cached_state state = {0};
	int error = state_store_file_load(&keeper->cache, options, &state, diag);
	if (error)
		return error;
	if (state.fault)
		log_line(&keeper->manager->logger, LOG_CACHED_EVENTS_DISCARDED, "error",
			state.fault, NULL);
	limits_warn(keeper, &state, options);
	error = peer_index_load_from_peers(
		&keeper->manager->index, state.peers.names, state.peers.name_count);
	if (error) {
		cached_state_clear(&state);
		return diag_fail_errno(diag, error);
	}
	pending_events_clear(&keeper->manager->overlay);
	keeper->manager->overlay = state.peers.overlay;
	state.peers.overlay = (struct pending_events){0};
	reconciler_preload(reconciler, &state.document);
	cached_state_clear(&state);
	return 0;
}
