/* SPDX-License-Identifier: Apache-2.0 */
#include "reconcile.h"

#include "diag.h"
#include "executor.h"
#include "observer.h"
#include "timestamp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void reconciler_init(struct reconciler *reconciler, const struct reconciler_config *config)
{
	*reconciler = (struct reconciler){
		.manager = config->manager,
		.verifier = config->verifier,
		.clock = config->clock,
		.reporter = config->reporter,
		.guard = {.max_percent = config->max_removal_percent},
		.convergence = {.key = config->digest_key},
	};
}

void reconciler_deinit(struct reconciler *reconciler)
{
	state_document_clear(&reconciler->document);
	notices_clear(&reconciler->notices);
	convergence_clear(&reconciler->convergence);
	*reconciler = (struct reconciler){0};
}

void reconciler_preload(struct reconciler *reconciler, struct state_document *document)
{
	state_document_clear(&reconciler->document);
	reconciler->document = *document;
	*document = (struct state_document){0};
	reconciler->has_document = true;
	reconciler->is_provisional = true;
}

int reconciler_begin(struct reconciler *reconciler, struct diag *diag)
{
	int error = manager_setup(reconciler->manager, diag);
	observe_cycle_begin(reconciler->manager, error);
	if (error)
		return error;
	reconciler->fetch_order = pending_events_fetch_begin(&reconciler->manager->pending);
	return 0;
}

static void document_take(struct reconciler *reconciler, struct state_document *document)
{
	bool follows_another = reconciler->has_document && !reconciler->is_provisional;
	removal_guard_document(
		&reconciler->guard, follows_another ? &reconciler->document : NULL, document);
	state_document_clear(&reconciler->document);
	reconciler->document = *document;
	*document = (struct state_document){0};
	reconciler->has_document = true;
	reconciler->is_provisional = false;
	pending_events_fetch_done(&reconciler->manager->pending, reconciler->fetch_order);
	if (reconciler->document.has_signing_keys && reconciler->verifier)
		verifier_take_keys(reconciler->verifier, &reconciler->document.signing_keys,
			reconciler->fetch_order);
	observe_document(reconciler->manager, &reconciler->document);
}

/*
 * Take the answer of the fetch. Return 0 or the error that the cycle reports. On an error the last
 * good document, if there is one, stays in force.
 */
static int fetch_answer_take(
	struct reconciler *reconciler, const struct fetch_answer *answer, struct diag *failures)
{
	switch (answer->outcome) {
	case FETCH_DOCUMENT:
		document_take(reconciler, answer->document);
		return 0;
	case FETCH_NOT_MODIFIED:
		if (!reconciler->has_document || reconciler->is_provisional)
			return diag_add(failures, -ENODATA,
				"fetch: not modified, but there is no state yet");
		removal_guard_not_modified(&reconciler->guard);
		pending_events_fetch_done(&reconciler->manager->pending, reconciler->fetch_order);
		return 0;
	case FETCH_FAILED:
		break;
	}
	return diag_add(failures, -EIO, "fetch: %s", answer->error);
}

/* Malformed keys fail every cycle while their document is in force. */
static int signing_keys_report(const struct reconciler *reconciler, struct diag *failures)
{
	const char *fault = reconciler->document.signing_keys_error;
	return fault ? diag_add(failures, -EINVAL, "%s", fault) : 0;
}

static int device_setup_again(struct reconciler *reconciler, const char *reason, struct diag *diag)
{
	log_line(&reconciler->manager->logger, LOG_INTERFACE_DRIFTED, "reason", reason, NULL);
	return manager_setup(reconciler->manager, diag);
}

/*
 * Read the device once. Return 0 with `*ret` if the interface did not drift, 1 with `*ret_reason`
 * if it drifted or was lost and needs Setup from its new state, or a negative errno.
 */
static int device_read_once(struct reconciler *reconciler, struct device *ret,
	const char **ret_reason, struct diag *diag)
{
	struct manager *manager = reconciler->manager;
	struct device device = {0};
	if (manager->state != INTERFACE_UP) {
		*ret_reason = interface_state_name(manager->state);
		return 1;
	}
	int error = manager->controller.ops->read_device(
		manager->controller.impl, manager->config.interface_name, &device, diag);
	manager_note_error(manager, error);
	manager->is_stuck = manager->is_stuck && error;
	if (error)
		observe_device(manager, NULL, INTERFACE_EVENT_NONE, error);
	if (error == -ENODEV) {
		diag_clear(diag);
		*ret_reason = interface_event_name(INTERFACE_EVENT_LINK_LOST);
		return 1;
	}
	if (error)
		return diag_wrap(diag, error, "read device");
	enum interface_event drift = interface_drift(&device, &manager->config,
		&manager->identity->public_key, &manager->identity->mesh_ip);
	observe_device(manager, &device, drift, 0);
	if (drift == INTERFACE_EVENT_NONE) {
		*ret = device;
		return 0;
	}
	device_clear(&device);
	manager_apply_event(manager, drift);
	*ret_reason = interface_event_name(drift);
	return 1;
}

/* Read the device. If the interface drifted, run Setup and read again, once. */
static int device_read(struct reconciler *reconciler, struct device *ret, struct diag *diag)
{
	const char *reason = NULL;
	int result = device_read_once(reconciler, ret, &reason, diag);
	if (result <= 0)
		return result;
	int error = device_setup_again(reconciler, reason, diag);
	if (error)
		return error;
	if (pause_take(&reconciler->manager->pause))
		return diag_fail_errno(diag, -ECANCELED);
	result = device_read_once(reconciler, ret, &reason, diag);
	if (result <= 0)
		return result;
	return diag_fail(diag, -ENODEV, "read device: drifted again after setup: %s", reason);
}

static int unusable_report(const struct desired *desired, struct diag *failures)
{
	int error = 0;
	for (size_t i = 0; i < desired->unusable_count; i++)
		error = diag_add(failures, -EINVAL, "%s", desired->unusable[i]->error);
	return error;
}

/* Of several errors return the first, whose texts are all reported, but -ECANCELED if there is one.
 */
static int first_error(int first, int second)
{
	return first && second != -ECANCELED ? first : second;
}

/* Record the results of the operations in the history of endpoints. */
static int endpoints_note(
	struct manager *manager, const struct peer_diff *diff, const struct peer_op_result *results)
{
	int error = 0;
	for (size_t i = 0; i < peer_diff_op_count(diff) && !error; i++) {
		const struct peer_op *op = &diff->ops[i];
		if (results[i].error)
			continue;
		if (op->kind == PEER_OP_REMOVE)
			endpoint_history_forget(&manager->endpoints, peer_op_key(op));
		else if (op->kind == PEER_OP_ADD || (op->fields & PEER_FIELD_ENDPOINT))
			error = endpoint_history_applied(&manager->endpoints, peer_op_key(op),
				&op->desired->endpoint, op->kind == PEER_OP_ADD);
	}
	return error;
}

/*
 * Rebuild the index after the cycle: peers whose removal failed or is withheld, retained peers, and
 * desired peers that are on the device. If an id occurs twice, the last one counts.
 */
static int index_update(struct manager *manager, const struct plan *plan,
	const struct peer_op_result *results, const struct peer_names *names)
{
	const struct peer_diff *diff = &plan->diff;
	const struct peer_table *peers = &plan->desired.peers;
	size_t op_count = peer_diff_op_count(diff);
	size_t room = diff->remove_count + diff->withheld_count + plan->desired.retained_count +
		      peers->count;
	struct peer_name *list = calloc(room ? room : 1, sizeof *list);
	if (!list)
		return -ENOMEM;
	size_t count = 0;
	for (size_t i = 0; i < op_count + diff->withheld_count; i++) {
		bool is_there = i < diff->remove_count ? results[i].error != 0 : i >= op_count;
		const struct key_public *key = peer_op_key(&diff->ops[i]);
		const char *id = is_there ? peer_names_find(names, key) : NULL;
		if (id)
			list[count++] = (struct peer_name){.id = (char *)id, .public_key = *key};
	}
	for (size_t i = 0; i < plan->desired.retained_count; i++) {
		const struct retained_peer *retained = &plan->desired.retained[i];
		if (retained->id)
			list[count++] = (struct peer_name){.id = (char *)retained->id,
				.public_key = retained->actual->public_key};
	}
	/* Adds and desired peers are both in key order: one walk finds the adds that failed. */
	size_t add = diff->remove_count + diff->update_count;
	for (size_t i = 0; i < peers->count; i++) {
		const struct peer_config *peer = &peers->peers[i];
		bool failed = false;
		if (add < op_count && diff->ops[add].desired == peer)
			failed = results[add++].error != 0;
		if (!failed)
			list[count++] = (struct peer_name){
				.id = (char *)peer->id, .public_key = peer->public_key};
	}
	int error = peer_index_load_from_peers(&manager->index, list, count);
	free(list);
	return error;
}

static void corrections_report(struct reconciler *reconciler, const struct correction_list *list)
{
	const struct drift_reporter *reporter = &reconciler->reporter;
	struct diag diag = {0};
	if (list->count == 0 || !reporter->report)
		return;
	if (reporter->report(reporter->impl, list->corrections, list->count, &diag) != 0)
		log_line(&reconciler->manager->logger, LOG_DRIFT_REPORT_FAILED, "error",
			diag_text(&diag), NULL);
	diag_clear(&diag);
}

/* The data of one cycle, freed however it ends. */
struct cycle {
	struct reconciler *reconciler;
	struct device device;
	struct peer_names names;
	struct moment now;
	bool is_planned;
	struct plan plan;
	struct route_plan routes;
	struct peer_op_result *results;
	struct correction_list corrections;
};

static int cycle_plan(struct cycle *cycle, struct diag *failures)
{
	struct reconciler *reconciler = cycle->reconciler;
	struct manager *manager = reconciler->manager;
	struct desired_input input = {
		.document = &reconciler->document,
		.pending = &manager->pending,
		.actual = &cycle->device.peers,
		.names = &cycle->names,
		.identity = manager->identity,
		.lookup = &manager->lookup,
	};
	cycle->now = clock_read(&reconciler->clock);
	int error = plan_compute(&input, &manager->endpoints, cycle->now, &cycle->plan);
	cycle->is_planned = error == 0;
	if (!error && reconciler->is_provisional)
		peer_diff_withhold_removes(&cycle->plan.diff);
	else if (!error)
		removal_guard_apply(&reconciler->guard, &cycle->plan.diff,
			cycle->device.peers.count, &manager->logger);
	if (!error)
		error = endpoint_history_compared(&manager->endpoints, &cycle->plan.desired.peers,
			&cycle->device.peers, cycle->now);
	return error ? diag_add(failures, error, "out of memory") : 0;
}

/* Routes that cannot be read fail the cycle, but do not stop the changes to peers. */
static int cycle_plan_routes(struct cycle *cycle, struct diag *failures)
{
	struct reconciler *reconciler = cycle->reconciler;
	struct diag diag = {0};
	struct manager *manager = reconciler->manager;
	int error = reconcile_routes_plan(&manager->router, &manager->route_policy,
		manager->config.interface_name, &cycle->plan, &cycle->routes, &diag);
	if (error)
		diag_join(failures, &diag);
	diag_clear(&diag);
	if (reconcile_routes_note(
		    &manager->router, &cycle->plan, &cycle->routes, &manager->claims) != 0)
		error = diag_add(failures, -ENOMEM, "out of memory");
	return error;
}

/* Execute the operations. Return 0, or one of the errors whose texts are in `failures`. */
static int cycle_execute(struct cycle *cycle, struct diag *failures)
{
	struct reconciler *reconciler = cycle->reconciler;
	struct manager *manager = reconciler->manager;
	const char *interface = manager->config.interface_name;
	/* Remove routes before peers, and add them after: a route always leads to a peer. */
	int route_error = reconcile_routes_remove(&manager->router, interface, &cycle->routes,
		&manager->pause, &manager->logger, failures);
	int error = reconcile_handler(manager, &cycle->plan.diff, &cycle->names, &cycle->results,
		&cycle->corrections, failures);
	if (!cycle->results)
		return error;
	route_error = first_error(
		route_error, reconcile_routes_add(&manager->router, interface, &cycle->routes,
				     &manager->pause, &manager->logger, failures));
	/* A new device needs the same operations again, which is no failure to converge. */
	if (reconciler->created_count != manager->created_count)
		convergence_clear(&reconciler->convergence);
	reconciler->created_count = manager->created_count;
	int stuck = convergence_note(&reconciler->convergence, &cycle->plan.diff, cycle->results,
		&manager->logger, failures);
	return first_error(error, first_error(route_error, stuck));
}

/* One line for each cycle that changed something, as single changes are logged at level debug. */
static void changes_log(const struct logger *logger, const struct correction_list *list)
{
	size_t counts[CORRECTION_PEER_ADDED + 1] = {0};
	char removed[24], updated[24], added[24];
	if (list->count == 0)
		return;
	for (size_t i = 0; i < list->count; i++)
		counts[list->corrections[i].type]++;
	snprintf(removed, sizeof removed, "%zu", counts[CORRECTION_PEER_REMOVED]);
	snprintf(updated, sizeof updated, "%zu", counts[CORRECTION_PEER_UPDATED]);
	snprintf(added, sizeof added, "%zu", counts[CORRECTION_PEER_ADDED]);
	log_line(logger, LOG_PEERS_CHANGED, "removed", removed, "updated", updated, "added", added,
		NULL);
}

/* Report the changes, and record them for the next cycle. */
static int cycle_settle(struct cycle *cycle, struct diag *failures)
{
	struct reconciler *reconciler = cycle->reconciler;
	struct manager *manager = reconciler->manager;
	changes_log(&manager->logger, &cycle->corrections);
	corrections_report(reconciler, &cycle->corrections);
	allowed_ip_history_load(
		&manager->allowed_ips, &cycle->device.peers, &cycle->plan.diff, cycle->results);
	int error = endpoints_note(manager, &cycle->plan.diff, cycle->results);
	if (!error)
		error = index_update(manager, &cycle->plan, cycle->results, &cycle->names);
	return error ? diag_add(failures, error, "out of memory") : 0;
}

/* Run the stages of a cycle. The caller frees `cycle`, whatever stage was the last. */
static int reconcile_cycle_run(struct cycle *cycle, struct diag *failures)
{
	struct reconciler *reconciler = cycle->reconciler;
	const struct pause *pause = &reconciler->manager->pause;
	int error = cycle_plan(cycle, failures);
	if (error)
		return error;
	if (pause_take(pause))
		return -ECANCELED;
	error = cycle_plan_routes(cycle, failures);
	notices_log(
		&reconciler->notices, &reconciler->manager->logger, &cycle->plan, &cycle->routes);
	error = first_error(error, unusable_report(&cycle->plan.desired, failures));
	if (pause_take(pause))
		return first_error(error, -ECANCELED);
	error = first_error(error, cycle_execute(cycle, failures));
	if (cycle->results)
		error = first_error(error, cycle_settle(cycle, failures));
	return error;
}

/* Read the device and apply the document in force. */
static int device_reconcile(struct cycle *cycle, struct diag *failures)
{
	struct manager *manager = cycle->reconciler->manager;
	struct diag diag = {0};
	int error = device_read(cycle->reconciler, &cycle->device, &diag);
	if (!error) {
		error = peer_index_snapshot(&manager->index, &cycle->names);
		if (error)
			diag_fail_errno(&diag, error);
	}
	if (error)
		diag_join(failures, &diag);
	diag_clear(&diag);
	if (!error && pause_take(&manager->pause))
		error = -ECANCELED;
	return error ? error : reconcile_cycle_run(cycle, failures);
}

static void cycle_clear(struct cycle *cycle)
{
	correction_list_clear(&cycle->corrections);
	peer_op_results_free(cycle->results, peer_diff_op_count(&cycle->plan.diff));
	route_plan_clear(&cycle->routes);
	plan_clear(&cycle->plan);
	peer_names_clear(&cycle->names);
	device_clear(&cycle->device);
}

/* Apply the document in force. `report` has the error of earlier steps, whose text is in
 * `failures`. */
static int cycle_reconcile(struct reconciler *reconciler, struct cycle_report report,
	struct diag *failures, struct diag *diag)
{
	struct cycle cycle = {.reconciler = reconciler};
	int error = first_error(report.error, signing_keys_report(reconciler, failures));
	if (reconciler->has_document)
		error = first_error(error, device_reconcile(&cycle, failures));
	report.error = error;
	report.error_text = diag_text(failures);
	report.now = cycle.now;
	report.actual = &cycle.device.peers;
	report.plan = cycle.is_planned ? &cycle.plan : NULL;
	report.results = cycle.results;
	report.routes = &cycle.routes;
	observe_cycle_end(reconciler->manager, &report);
	cycle_clear(&cycle);
	if (error) {
		diag_join(diag, failures);
		diag_wrap(diag, error, "wireguard: reconcile");
	}
	diag_clear(failures);
	return error;
}

int reconciler_repair(struct reconciler *reconciler, struct diag *diag)
{
	struct diag failures = {0};
	return cycle_reconcile(
		reconciler, (struct cycle_report){.is_repair = true}, &failures, diag);
}

int reconciler_finish(
	struct reconciler *reconciler, const struct fetch_answer *answer, struct diag *diag)
{
	struct diag failures = {0};
	struct cycle_report report = {.outcome = answer->outcome};
	report.error = fetch_answer_take(reconciler, answer, &failures);
	return cycle_reconcile(reconciler, report, &failures, diag);
}
