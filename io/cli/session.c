/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include "change_report.h"
#include "diag.h"
#include "file.h"
#include "identity_dir.h"
#include "locked_memory.h"
#include "state_file.h"
#include "state_wire.h"
#include "system_clock.h"

#include <errno.h>
#include <stdio.h>

int session_open(struct session *session, const struct options *options, struct diag *diag)
{
	*session = (struct session){.options = options};
	session->log_sink = (struct log_sink){
		.format = options->log_format,
		.minimum = options->log_level,
		.clock = system_clock(),
		.interface = options->config.interface_name,
		.write_line = log_write_file,
		.impl = stderr,
	};
	return config_validate(&options->config, diag);
}

int session_lock(struct session *session, struct diag *diag)
{
	if (session->options->controller == CONTROLLER_SIM)
		return 0;
	return interface_lock_take(&session->lock, INTERFACE_LOCK_DIRECTORY,
		session->options->config.interface_name, diag);
}

int session_load_identity(struct session *session, struct diag *diag)
{
	int error =
		identity_dir_load(session->options->identity_directory, &session->identity, diag);
	if (error)
		return diag_wrap(diag, error, "identity");
	return config_validate_address(&session->options->config, &session->identity.mesh_ip, diag);
}

int session_check_address(struct session *session, struct diag *diag)
{
	const struct interface_config *config = &session->options->config;
	const struct controller *controller = &session->controller.controller;
	struct prefix address = prefix_of_host(&session->identity.mesh_ip);
	if (!controller->ops->check_address)
		return 0;
	int error = controller->ops->check_address(
		controller->impl, config->interface_name, &address, config->mtu, diag);
	return error ? diag_wrap(diag, error, "configure address") : 0;
}

int session_open_controller(struct session *session, struct diag *diag)
{
	return controller_open(session->options->controller,
		session->options->config.interface_name, &session->controller, diag);
}

int session_open_router(struct session *session, struct diag *diag)
{
	if (session->options->no_routes || session->options->controller == CONTROLLER_SIM)
		return 0;
	int error = link_router_open(&session->router, session->options->route_table, diag);
	session->has_router = error == 0;
	return error ? diag_wrap(diag, error, "routes") : 0;
}

struct router session_router(struct session *session)
{
	return session->has_router ? link_router(&session->router) : (struct router){0};
}

struct route_policy session_route_policy(const struct session *session)
{
	const struct options *options = session->options;
	bool own_table = options->route_table != ROUTE_TABLE_MAIN;
	return (struct route_policy){
		.manage_defaults = own_table,
		.mtu = options->config.mtu,
		/* In the main table, marked packets would use the routes too. */
		.mark_keeps_out = own_table && options->config.has_fwmark && options->config.fwmark,
	};
}

static int state_warn(
	const struct state_document *document, bool others_may_read, struct warnings *warnings)
{
	int error = 0;
	if (others_may_read && state_document_has_psk(document))
		error = warnings_add(warnings,
			"others may read the state file, and it holds preshared "
			"keys");
	for (size_t i = 0; i < document->unknown_member_count && !error; i++)
		error = warnings_add(
			warnings, "%s: unknown member, ignored", document->unknown_members[i]);
	if (document->further_unknown_count && !error)
		error = warnings_add(warnings, "%zu more unknown members, ignored",
			document->further_unknown_count);
	return error;
}

int session_load_state(struct session *session, struct warnings *warnings, struct diag *diag)
{
	const char *path = session->options->state_path;
	struct peer_wire_options wire = {
		.default_keepalive_s = (uint16_t)session->options->config.persistent_keepalive_s,
		.allow_host_names = true,
		.peers_max = (size_t)session->options->max_peers,
		.allowed_ips_max = (size_t)session->options->max_allowed_ips,
		.allowed_ips_total_max = (size_t)session->options->max_total_allowed_ips,
	};
	struct file_text file = {0};
	int error =
		state_text_read(path, (size_t)session->options->max_state_mib << 20, &file, diag);
	if (!error) {
		error = state_wire_read(file.text, file.length, &wire, &session->document, diag);
		if (error)
			diag_wrap(diag, error, "%s", file_display_name(path));
	}
	if (!error)
		error = state_warn(&session->document, file.others_may_read, warnings);
	file_text_clear(&file);
	return error ? diag_wrap(diag, error, "state") : 0;
}

static void log_nothing(void *sink, enum log_level level, const char *message,
	const struct log_field *fields, unsigned field_count)
{
}

struct logger session_logger(struct session *session)
{
	if (option_is_given(session->options, "log-level"))
		return log_sink_logger(&session->log_sink);
	return (struct logger){.write = log_nothing};
}

void session_close(struct session *session)
{
	interface_lock_release(&session->lock);
	controller_close(&session->controller);
	if (session->has_router)
		link_router_close(&session->router);
	state_document_clear(&session->document);
	struct logger logger = session_logger(session);
	locked_memory_log_refusal(&logger);
	identity_clear(&session->identity);
}
