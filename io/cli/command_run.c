#include "commands.h"
#include "daemon.h"
#include "diag.h"
#include "identity_dir.h"
#include "interface_lock.h"
#include "privileges.h"
#include "report_error.h"
#include "secret_memory.h"
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int run(struct session *session, struct diag *diag)
{
	const struct options *options = session->options;
	int error = privileges_drop(privileges_port_is_reserved(options->config.listen_port), diag);
	if (!error)
		error = session_open_controller(session, diag);
	/* Before anything secret is read, since the helper has all that is in memory by then. */
	if (!error && session->controller.choice == CONTROLLER_USERSPACE)
		error = userspace_controller_start_helper(&session->controller.userspace, diag);
	if (!error)
		error = session_load_identity(session, diag);
	if (!error)
		error = session_open_router(session, diag);
	if (error)
		return error;
	struct daemon_settings settings = {
		.controller = session->controller.controller,
		.config = options->config,
		.router = session->has_router ? &session->router : NULL,
		.route_policy = session_route_policy(session),
		.logger = log_sink_logger(&session->log_sink),
		.identity = &session->identity,
		.identity_directory = session_identity_directory(session),
		.state_path = options->state_path,
		.api_url = options->api_url,
		.ca_path = options->ca_path,
		.record_path = options->record_path,
		.interval_ms = options->interval_ms,
		.keep_interface = options->keep_interface,
		.max_removal_percent = options->max_removal_percent,
		.filter_syscalls = true,
		.peers_max = (size_t)options->max_peers,
		.allowed_ips_max = (size_t)options->max_allowed_ips,
		.allowed_ips_total_max = (size_t)options->max_total_allowed_ips,
		.state_bytes_max = (size_t)options->max_state_mib << 20,
		.nonces_max = (size_t)options->max_nonces,
		.service =
			{
				.notify_socket = getenv("NOTIFY_SOCKET"),
				.watchdog_usec = getenv("WATCHDOG_USEC"),
				.watchdog_pid = getenv("WATCHDOG_PID"),
			},
	};
	return daemon_run(&settings, diag);
}

int command_run(const struct options *options)
{
	struct diag diag = {0};
	if (options->state_path && options->api_url) {
		report_error("run: --state and --api exclude each other");
		return STATUS_USAGE;
	}
	if (!options->state_path && !options->api_url) {
		report_error("run: needs either --state FILE or --api URL");
		return STATUS_USAGE;
	}
	if (options->state_path && strcmp(options->state_path, "-") == 0) {
		report_error("run: --state: needs a file to follow, not standard input");
		return STATUS_USAGE;
	}
	/* It holds the private key for as long as the daemon lives. */
	struct session *session = secret_alloc(sizeof *session);
	int error =
		session ? session_open(session, options, &diag) : diag_fail_errno(&diag, -ENOMEM);
	if (!error)
		error = session_lock(session, &diag);
	if (session && !error)
		error = run(session, &diag);
	if (error)
		report_error("run: %s", diag_text(&diag));
	if (session)
		session_close(session);
	secret_free(session, sizeof *session);
	diag_clear(&diag);
	return error ? STATUS_ERROR : 0;
}
