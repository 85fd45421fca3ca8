/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "device_report.h"
#include "diag.h"
#include "report_error.h"
#include "session.h"

#include <stdio.h>

static int show(struct session *session, struct diag *diag)
{
	struct device device = {0};
	const char *interface = session->options->config.interface_name;
	int error = session_open_controller(session, diag);
	if (error)
		return error;
	const struct controller *controller = &session->controller.controller;
	error = controller->ops->read_device(controller->impl, interface, &device, diag);
	if (error)
		return diag_wrap(diag, error, "%s", interface);
	if (session->options->json) {
		error = device_print_json(stdout, interface, session->controller.name, &device);
		if (error)
			diag_fail_errno(diag, error);
	} else {
		device_print(stdout, interface, session->controller.name, &device);
	}
	device_clear(&device);
	return error;
}

int command_show(const struct options *options)
{
	struct session session;
	struct diag diag = {0};
	int error = session_open(&session, options, &diag);
	if (!error)
		error = show(&session, &diag);
	if (error)
		report_error("show: %s", diag_text(&diag));
	session_close(&session);
	diag_clear(&diag);
	return error ? STATUS_ERROR : 0;
}
