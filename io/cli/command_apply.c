/* SPDX-License-Identifier: Apache-2.0 */
#include "change_report.h"
#include "commands.h"
#include "device_plan.h"
#include "diag.h"
#include "endpoint_names.h"
#include "executor.h"
#include "observer.h"
#include "report_error.h"
#include "session.h"
#include "system_clock.h"
#include "timestamp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RESOLVE_TIMEOUT_MS 5000

/* One run of the command; the cycle's observer needs it to report while the plan exists. */
struct apply {
	struct session *session;
	struct warnings *warnings;
	struct resolver resolver;
	struct change_report report;
	bool has_changed; /* peers or routes */
	int report_error;
};

static void apply_cycle_ended(void *impl, const struct cycle_report *report)
{
	struct apply *apply = impl;
	if (!report->results)
		return;
	apply->report.plan = report->plan;
	apply->report.results = report->results;
	apply->report.routes = apply->session->has_router ? report->routes : NULL;
	apply->has_changed = peer_diff_op_count(&report->plan->diff) || report->routes->add_count ||
			     report->routes->remove_count;
	apply->report_error = warnings_add_plan(apply->warnings, report->plan);
	if (!apply->report_error)
		apply->report_error = warnings_add_refusals(apply->warnings, report->routes);
	if (apply->report_error)
		return;
	if (apply->session->options->json)
		apply->report_error = change_report_print_json(stdout, &apply->report);
	else
		change_report_print(stdout, &apply->report);
}

/* Predict which actions of Setup are necessary, for the report: Setup itself runs all of them. */
static int setup_foresee(struct apply *apply, struct diag *diag)
{
	const struct session *session = apply->session;
	struct device device = {0};
	bool exists;
	int error = device_plan_read_interface(&session->controller.controller,
		session->options->config.interface_name, &device, &exists, diag);
	if (error)
		return error;
	struct device_plan_input input = {
		.device = &device,
		.exists = exists,
		.link_is_known = true,
		.config = &session->options->config,
		.identity = &session->identity,
	};
	device_plan_setup(&input, &apply->report);
	device_clear(&device);
	return 0;
}

/* Add the operations that were acknowledged but did not take effect to the error. */
static void not_taken_join(const struct plan *plan, struct diag *diag)
{
	for (size_t i = 0; i < peer_diff_op_count(&plan->diff); i++) {
		const struct peer_op *op = &plan->diff.ops[i];
		diag_add(diag, -EIO, "%s peer %s", peer_op_kind_name(op->kind),
			op->desired && op->desired->id ? op->desired->id
						       : key_public_format(peer_op_key(op)).text);
	}
}

static int routes_read_back(
	const struct manager *manager, const struct plan *plan, struct diag *diag)
{
	struct route_plan routes = {0};
	int error = reconcile_routes_plan(&manager->router, &manager->route_policy,
		manager->config.interface_name, plan, &routes, diag);
	size_t left = routes.add_count + routes.remove_count;
	if (!error && left)
		error = diag_fail(
			diag, -EIO, "read back: %zu routes changed, but not so in the table", left);
	route_plan_clear(&routes);
	return error;
}

/* Read the device again: a new plan must be empty. */
static int read_back(struct reconciler *reconciler, struct diag *diag)
{
	const struct manager *manager = reconciler->manager;
	struct device device = {0};
	struct plan plan = {0};
	int error = manager->controller.ops->read_device(
		manager->controller.impl, manager->config.interface_name, &device, diag);
	if (error)
		return diag_wrap(diag, error, "read back");
	enum interface_event drift = interface_drift(&device, &manager->config,
		&manager->identity->public_key, &manager->identity->mesh_ip);
	if (drift != INTERFACE_EVENT_NONE)
		error = diag_fail(diag, -EIO, "read back: the interface is not as set up: %s",
			interface_event_name(drift));
	struct desired_input input = {
		.document = &reconciler->document,
		.actual = &device.peers,
		.identity = manager->identity,
		.lookup = &manager->lookup,
	};
	if (!error) {
		error = plan_compute(
			&input, &manager->endpoints, clock_read(&reconciler->clock), &plan);
		if (error)
			diag_fail_errno(diag, error);
	}
	if (!error && peer_diff_op_count(&plan.diff)) {
		not_taken_join(&plan, diag);
		error = diag_wrap(diag, -EIO, "read back: acknowledged, but not so on the device");
	}
	if (!error)
		error = routes_read_back(manager, &plan, diag);
	plan_clear(&plan);
	device_clear(&device);
	return error;
}

static int apply_cycle_run(struct apply *apply, struct manager *manager, struct diag *diag)
{
	struct session *session = apply->session;
	struct reconciler reconciler;
	const struct reconciler_config config = {
		.manager = manager,
		.clock = system_clock(),
	};
	struct fetch_answer answer = {.outcome = FETCH_DOCUMENT, .document = &session->document};
	reconciler_init(&reconciler, &config);
	int error = reconciler_begin(&reconciler, diag);
	if (!error) {
		error = reconciler_finish(&reconciler, &answer, diag);
		/* Without changes the cycle has just read the same. */
		if (!error && apply->has_changed)
			error = read_back(&reconciler, diag);
	}
	if (!error && apply->report_error)
		error = diag_fail_errno(diag, apply->report_error);
	reconciler_deinit(&reconciler);
	return error;
}

/*
 * Resolve all names at once, with one deadline. A peer whose name has no address by then is applied
 * without an endpoint.
 */
static int names_resolve(struct apply *apply, struct diag *diag)
{
	struct endpoint_names names = {.document = &apply->session->document};
	const struct peer_entry *entry;
	int error = endpoint_names_want(names, &apply->resolver);
	if (!error)
		resolver_await(&apply->resolver, RESOLVE_TIMEOUT_MS);
	while (!error && (entry = endpoint_names_next(&names))) {
		const char *fault = endpoint_name_fault(entry, &apply->resolver);
		if (fault)
			error = warnings_add(apply->warnings, "peers[%zu] %s: endpoint: \"%s\": %s",
				(size_t)(entry - names.document->entries),
				quote(entry->id, strlen(entry->id)).text,
				entry->config.endpoint.host, fault);
	}
	return error ? diag_fail_errno(diag, error) : 0;
}

static int apply_run(struct apply *apply, struct diag *diag)
{
	struct session *session = apply->session;
	struct manager manager;
	int error = session_lock(session, diag);
	if (!error)
		error = session_load_identity(session, diag);
	if (!error)
		error = session_load_state(session, apply->warnings, diag);
	if (!error)
		error = session_open_controller(session, diag);
	if (!error)
		error = session_open_router(session, diag);
	if (!error)
		error = names_resolve(apply, diag);
	if (!error)
		error = setup_foresee(apply, diag);
	if (error)
		return error;
	const struct observer observer = {.cycle_ended = apply_cycle_ended, .impl = apply};
	const struct manager_config config = {
		.controller = session->controller.controller,
		.interface = session->options->config,
		.identity = &session->identity,
		.logger = session_logger(session),
		.lookup = resolver_lookup(&apply->resolver),
		.router = session_router(session),
		.route_policy = session_route_policy(session),
		.observers = &observer,
		.observer_count = 1,
	};
	error = manager_init(&manager, &config);
	if (error)
		return diag_fail_errno(diag, error);
	error = apply_cycle_run(apply, &manager, diag);
	manager_deinit(&manager);
	return error;
}

int command_apply(const struct options *options)
{
	struct session session;
	struct warnings warnings = {0};
	struct diag diag = {0};
	struct apply apply = {
		.session = &session,
		.warnings = &warnings,
		.report = {.interface = options->config.interface_name, .warnings = &warnings},
	};
	int error = session_open(&session, options, &diag);
	if (!error)
		error = resolver_init(&apply.resolver, &diag);
	if (!error) {
		error = apply_run(&apply, &diag);
		resolver_deinit(&apply.resolver);
	}
	if (error)
		report_error("apply: %s", diag_text(&diag));
	session_close(&session);
	warnings_clear(&warnings);
	diag_clear(&diag);
	return error ? STATUS_ERROR : 0;
}
