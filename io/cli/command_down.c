#include "commands.h"
#include "diag.h"
#include "manager.h"
#include "report_error.h"
#include "session.h"

static int down(struct session *session, struct diag *diag)
{
	struct manager manager;
	int error = session_lock(session, diag);
	if (!error)
		error = session_open_controller(session, diag);
	if (error)
		return error;
	error = manager_init(&manager, session->controller.controller, &session->options->config,
		session_logger(session));
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
