/* SPDX-License-Identifier: Apache-2.0 */
#include "device_plan.h"

#include "diag.h"
#include "reconcile_routes.h"
#include "report_error.h"
#include "timestamp.h"

#include <errno.h>

/* A missing interface is no error. */
static int device_found(int error, const char *interface, bool *ret_exists, struct diag *diag)
{
	*ret_exists = error == 0;
	if (error && error != -ENODEV)
		return diag_wrap(diag, error, "%s", interface);
	diag_clear(diag);
	return 0;
}

int device_plan_read(const struct controller *controller, const char *interface, struct device *ret,
	bool *ret_exists, struct diag *diag)
{
	int error = controller->ops->read_device(controller->impl, interface, ret, diag);
	return device_found(error, interface, ret_exists, diag);
}

int device_plan_read_interface(const struct controller *controller, const char *interface,
	struct device *ret, bool *ret_exists, struct diag *diag)
{
	const struct controller_ops *ops = controller->ops;
	int error = ops->read_interface
			    ? ops->read_interface(controller->impl, interface, ret, diag)
			    : ops->read_device(controller->impl, interface, ret, diag);
	return device_found(error, interface, ret_exists, diag);
}

void device_plan_setup(const struct device_plan_input *input, struct change_report *report)
{
	const struct interface_config *config = input->config;
	enum interface_state state = INTERFACE_ABSENT;
	if (input->exists && !input->link_is_known) {
		bool right = key_public_equal(
				     &input->device->public_key, &input->identity->public_key) &&
			     input->device->listen_port == config->listen_port &&
			     (!config->has_fwmark || input->device->fwmark == config->fwmark);
		report->setup_count = right ? 0 : 1;
		report->setup[0] = INTERFACE_ACTION_CREATE_INTERFACE;
		return;
	}
	if (input->exists) {
		enum interface_event drift = interface_drift(input->device, config,
			&input->identity->public_key, &input->identity->mesh_ip);
		state = INTERFACE_UP;
		if (drift != INTERFACE_EVENT_NONE)
			state = interface_fsm_transition(state, drift).on_success;
	}
	report->setup_count = plan_setup(state, config, report->setup);
}

int device_plan_compute(const struct device_plan_input *input, int64_t now_ns,
	struct warnings *warnings, struct device_plan *ret, struct diag *diag)
{
	const char *interface = input->config->interface_name;
	struct endpoint_history nothing = {0};
	struct desired_input desired = {
		.document = input->document,
		.actual = &input->device->peers,
		.identity = input->identity,
	};
	int error =
		plan_compute(&desired, &nothing, (struct moment){.wall_ns = now_ns}, &ret->plan);
	if (!error)
		error = warnings_add_plan(warnings, &ret->plan);
	if (error)
		return diag_fail_errno(diag, error);
	error = reconcile_routes_plan(
		&input->router, &input->route_policy, interface, &ret->plan, &ret->routes, diag);
	if (error)
		return error;
	error = warnings_add_refusals(warnings, &ret->routes);
	if (error)
		return diag_fail_errno(diag, error);
	ret->report = (struct change_report){
		.interface = interface,
		.plan = &ret->plan,
		.routes = input->router.ops ? &ret->routes : NULL,
		.warnings = warnings,
	};
	device_plan_setup(input, &ret->report);
	return 0;
}

int device_plan_report_errors(const struct state_document *document, const struct plan *plan)
{
	for (size_t i = 0; i < plan->desired.unusable_count; i++)
		report_error_line("state: %s", plan->desired.unusable[i]->error);
	if (document->signing_keys_error)
		report_error_line("state: %s", document->signing_keys_error);
	return plan->desired.unusable_count || document->signing_keys_error ? -EINVAL : 0;
}

void device_plan_clear(struct device_plan *plan)
{
	route_plan_clear(&plan->routes);
	plan_clear(&plan->plan);
}
