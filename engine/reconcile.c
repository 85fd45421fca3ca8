#include "reconcile.h"

#include "diag.h"
#include "executor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void reconciler_init(struct reconciler *reconciler, struct manager *manager,
	struct verifier *verifier, struct clock clock, struct drift_reporter reporter,
	const struct identity *identity)
{
	*reconciler = (struct reconciler){
		.manager = manager,
		.verifier = verifier,
		.clock = clock,
		.reporter = reporter,
		.identity = identity,
	};
}

void reconciler_deinit(struct reconciler *reconciler)
{
	state_document_clear(&reconciler->document);
	notices_clear(&reconciler->notices);
	convergence_clear(&reconciler->convergence);
	*reconciler = (struct reconciler){0};
}

int reconciler_begin(struct reconciler *reconciler, struct diag *diag)
{
	int error = manager_setup(reconciler->manager, reconciler->identity, diag);
	if (error)
		return error;
	reconciler->fetch_order = event_overlay_fetch_begin(&reconciler->manager->overlay);
	return 0;
}

/*
 * Takes the answer over. A failure that leaves the last document in force is added to `failures`;
 * one that leaves none is returned.
 */
static int answer_take(struct reconciler *reconciler, const struct fetch_answer *answer,
	struct diag *failures, struct diag *diag)
{
	struct event_overlay *overlay = &reconciler->manager->overlay;
	switch (answer->outcome) {
	case FETCH_DOCUMENT:
		state_document_clear(&reconciler->document);
		reconciler->document = *answer->document;
		*answer->document = (struct state_document){0};
		reconciler->has_document = true;
		event_overlay_fetch_done(overlay, reconciler->fetch_order);
		if (reconciler->document.signing_keys_error)
			diag_add(failures, -EINVAL, "%s", reconciler->document.signing_keys_error);
		else if (reconciler->document.has_signing_keys && reconciler->verifier)
			verifier_take_keys(reconciler->verifier, &reconciler->document.signing_keys,
				reconciler->fetch_order);
		break;
	case FETCH_NOT_MODIFIED:
		event_overlay_fetch_done(overlay, reconciler->fetch_order);
		if (!reconciler->has_document)
			return diag_fail(
				diag, -ENODATA, "fetch: not modified, but there is no state yet");
		break;
	case FETCH_FAILED:
		if (!reconciler->has_document)
			return diag_fail(diag, -ENODATA, "fetch: %s", answer->error);
		diag_add(failures, -EIO, "fetch: %s", answer->error);
		break;
	}
	return 0;
}

static int device_setup_again(struct reconciler *reconciler, const char *reason, struct diag *diag)
{
	log_line(&reconciler->manager->logger, LOG_LEVEL_WARN, "Interface is not as it should be",
		"reason", reason, NULL);
	return manager_setup(reconciler->manager, reconciler->identity, diag);
}

/*
 * One look at the device. Returns 0 with `*ret` if it is as Setup left it, 1 with `*ret_reason` if
 * the link was lost or drifted and Setup is to go on from the state it is in now, or an error.
 */
static int device_look(struct reconciler *reconciler, struct device *ret, const char **ret_reason,
	struct diag *diag)
{
	struct manager *manager = reconciler->manager;
	struct device device = {0};
	if (manager->state != INTERFACE_UP) {
		*ret_reason = interface_state_name(manager->state);
		return 1;
	}
	int error = manager->controller.ops->read_device(
		manager->controller.impl, manager->config.interface_name, &device, diag);
	if (error == -ENODEV) {
		manager_note_error(manager, error);
		*ret_reason = interface_event_name(INTERFACE_EVENT_LINK_LOST);
		return 1;
	}
	if (error)
		return diag_wrap(diag, error, "read device");
	enum interface_event drift = interface_drift(&device, &manager->config,
		&reconciler->identity->public_key, &reconciler->identity->mesh_ip);
	if (drift == INTERFACE_EVENT_COUNT) {
		*ret = device;
		return 0;
	}
	device_clear(&device);
	manager_step(manager, drift);
	*ret_reason = interface_event_name(drift);
	return 1;
}

/* Reads the device, setting the interface up again once if it has to be. */
static int device_read(struct reconciler *reconciler, struct device *ret, struct diag *diag)
{
	const char *reason = NULL;
	int result = device_look(reconciler, ret, &reason, diag);
	if (result <= 0)
		return result;
	int error = device_setup_again(reconciler, reason, diag);
	if (error)
		return error;
	result = device_look(reconciler, ret, &reason, diag);
	if (result <= 0)
		return result;
	return diag_fail(diag, -ENODEV, "read device: not as it should be after setup: %s", reason);
}

static void unusable_join(const struct desired *desired, struct diag *failures)
{
	for (size_t i = 0; i < desired->unusable_count; i++)
		diag_add(failures, -EINVAL, "%s", desired->unusable[i]->error);
}

/* What the operations did to the memory of endpoints. */
static int endpoints_note(
	struct manager *manager, const struct peer_diff *diff, const struct peer_op_result *results)
{
	int error = 0;
	for (size_t i = 0; i < peer_diff_op_count(diff) && !error; i++) {
		const struct peer_op *op = &diff->ops[i];
		if (results[i].error)
			continue;
		if (op->kind == PEER_OP_REMOVE)
			endpoint_memory_forget(&manager->endpoints, peer_op_key(op));
		else if (op->kind == PEER_OP_ADD || (op->fields & PEER_FIELD_ENDPOINT))
			error = endpoint_memory_applied(&manager->endpoints, peer_op_key(op),
				&op->desired->endpoint, op->kind == PEER_OP_ADD);
	}
	return error;
}

/*
 * The index after the cycle: peers whose removal failed, those kept for an unusable entry, and
 * those that the desired set names and the device has. Later ones win an id.
 */
static int index_update(struct manager *manager, const struct plan *plan,
	const struct peer_op_result *results, const struct peer_names *names)
{
	const struct peer_diff *diff = &plan->diff;
	const struct peer_table *peers = &plan->desired.peers;
	size_t room = diff->remove_count + plan->desired.kept_count + peers->count;
	struct peer_name *list = calloc(room ? room : 1, sizeof *list);
	if (!list)
		return -ENOMEM;
	size_t count = 0;
	for (size_t i = 0; i < diff->remove_count; i++) {
		const struct key_public *key = peer_op_key(&diff->ops[i]);
		const char *id = peer_names_find(names, key);
		if (results[i].error && id)
			list[count++] = (struct peer_name){.id = (char *)id, .public_key = *key};
	}
	for (size_t i = 0; i < plan->desired.kept_count; i++) {
		const struct kept_peer *kept = &plan->desired.kept[i];
		if (kept->id)
			list[count++] = (struct peer_name){
				.id = (char *)kept->id, .public_key = kept->actual->public_key};
	}
	/* Adds stand in key order, as the desired peers do: one walk finds those that failed. */
	size_t add = diff->remove_count + diff->update_count;
	for (size_t i = 0; i < peers->count; i++) {
		const struct peer_config *peer = &peers->peers[i];
		bool failed = false;
		if (add < peer_diff_op_count(diff) && diff->ops[add].desired == peer)
			failed = results[add++].error != 0;
		if (!failed)
			list[count++] = (struct peer_name){
				.id = (char *)peer->id, .public_key = peer->public_key};
	}
	int error = peer_index_load_from_peers(&manager->index, list, count);
	free(list);
	return error;
}

static void drift_report(struct reconciler *reconciler, const struct correction_list *list)
{
	const struct drift_reporter *reporter = &reconciler->reporter;
	struct diag diag = {0};
	if (list->count == 0 || !reporter->report)
		return;
	if (reporter->report(reporter->impl, list->corrections, list->count, &diag) != 0)
		log_line(&reconciler->manager->logger, LOG_LEVEL_WARN, "Drift report failed",
			"error", diag_text(&diag), NULL);
	diag_clear(&diag);
}

/* Plans against `device`, carries the plan out and takes note of what it did. */
static int device_converge(struct reconciler *reconciler, const struct device *device,
	const struct peer_names *names, struct diag *failures)
{
	struct manager *manager = reconciler->manager;
	struct desired_input input = {
		.document = &reconciler->document,
		.overlay = &manager->overlay,
		.actual = &device->peers,
		.names = names,
		.own_key = &reconciler->identity->public_key,
	};
	int64_t now_s = reconciler->clock.now_ns(reconciler->clock.impl) / 1000000000;
	struct plan plan = {0};
	struct peer_op_result *results = NULL;
	struct correction_list corrections = {0};
	int error = plan_compute(&input, &manager->endpoints, now_s, &plan);
	if (error)
		return diag_add(failures, error, "out of memory");
	error = endpoint_memory_compared(
		&manager->endpoints, &plan.desired.peers, &device->peers, now_s);
	if (error) {
		diag_add(failures, error, "out of memory");
		goto out;
	}
	notices_log(&reconciler->notices, &manager->logger, &plan.desired);
	unusable_join(&plan.desired, failures);
	error = reconcile_handler(manager, &plan.diff, names, &results, &corrections, failures);
	if (!results)
		goto out;
	if (convergence_note(
		    &reconciler->convergence, &plan.diff, results, &manager->logger, failures) != 0)
		error = -EIO;
	if (reconciler->observer.executed)
		reconciler->observer.executed(reconciler->observer.impl, &plan, results);
	drift_report(reconciler, &corrections);
	int memory_error = endpoints_note(manager, &plan.diff, results);
	if (!memory_error)
		memory_error = index_update(manager, &plan, results, names);
	if (memory_error)
		error = diag_add(failures, memory_error, "out of memory");
	if (plan.desired.unusable_count && !error)
		error = -EINVAL;
out:
	correction_list_clear(&corrections);
	peer_op_results_free(results, peer_diff_op_count(&plan.diff));
	plan_clear(&plan);
	return error;
}

int reconciler_finish(
	struct reconciler *reconciler, const struct fetch_answer *answer, struct diag *diag)
{
	struct device device = {0};
	struct peer_names names = {0};
	struct diag failures = {0};
	struct diag fatal = {0};
	int error = answer_take(reconciler, answer, &failures, &fatal);
	if (!error)
		error = device_read(reconciler, &device, &fatal);
	if (!error) {
		error = peer_index_snapshot(&reconciler->manager->index, &names);
		if (error)
			diag_fail_errno(&fatal, error);
	}
	if (!error)
		error = device_converge(reconciler, &device, &names, &failures);
	diag_join(&failures, &fatal);
	if (!error && failures.length)
		error = -EIO;
	if (error) {
		diag_join(diag, &failures);
		diag_wrap(diag, error, "wireguard: reconcile");
	}
	diag_clear(&failures);
	diag_clear(&fatal);
	peer_names_clear(&names);
	device_clear(&device);
	return error;
}
