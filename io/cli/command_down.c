/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "diag.h"
#include "manager.h"
#include "report_error.h"
#include "session.h"

/*
 * Take the lock. As `down` is a last resort, go on without the lock if it cannot be taken although
 * no other process holds it.
 */
static int lock_if_possible(struct session *session, struct diag *diag)
{
	struct diag failure = {0};
	int error = session_lock(session, &failure);
	if (error && error != INTERFACE_LOCK_BUSY) {
		error = interface_lock_check(
			INTERFACE_LOCK_DIRECTORY, session->options->config.interface_name, diag);
		if (!error)
			report_error("down: %s; removing the interface without the lock",
				diag_text(&failure));
	} else {
		diag_join(diag, &failure);
	}
	diag_clear(&failure);
	return error;
}

static int down(struct session *session, struct diag *diag)
{
	struct manager manager;
	int error = lock_if_possible(session, diag);
	if (!error)
		error = session_open_controller(session, diag);
	if (error)
		return error;
	const struct manager_config config = {
		.controller = session->controller.controller,
		.interface = session->options->config,
		.logger = session_logger(session),
	};
	error = manager_init(&manager, &config);
	if (error)
		return diag_fail_errno(diag, error);
	error = manager_teardown(&manager, diag);
	manager_deinit(&manager);
	return error;
}

int command_down(const struct options *options)
{
	struct session session;
	struct diag diag = {0};
	int error = session_open(&session, options, &diag);
	if (!error)
		error = down(&session, &diag);
	if (error)
		report_error("down: %s", diag_text(&diag));
	session_close(&session);
	diag_clear(&diag);
	return error ? STATUS_ERROR : 0;
}
