/* SPDX-License-Identifier: Apache-2.0 */
#include "change_report.h"
#include "commands.h"
#include "device_plan.h"
#include "diag.h"
#include "file.h"
#include "report_error.h"
#include "session.h"
#include "system_clock.h"
#include "wg_dump.h"

#include <errno.h>
#include <stdio.h>

static int dump_warn(const struct wg_dump_notes *notes, struct warnings *warnings)
{
	int error = 0;
	if (notes->public_key_is_hidden)
		error = warnings_add(
			warnings, "actual: the interface's key is hidden and not compared");
	if (notes->hidden_psk_count && !error)
		error = warnings_add(warnings,
			"actual: preshared keys are hidden and not compared: %zu",
			notes->hidden_psk_count);
	if (notes->unusable_count && !error)
		error = warnings_add(warnings, "actual: %s cannot be used and counts as none",
			diag_text(&notes->first_unusable));
	if (notes->unusable_count > 1 && !error)
		error = warnings_add(warnings, "actual: further values that count as none: %zu",
			notes->unusable_count - 1);
	return error;
}

/* Read the device from a dump. The own key is the dump's unless --identity is given. */
static int actual_from_dump(
	struct session *session, struct device *ret, struct warnings *warnings, struct diag *diag)
{
	struct file_text file = {0};
	struct wg_dump_notes notes = {0};
	int error = file_read(session->options->actual_path, WG_DUMP_BYTES_MAX, &file, diag);
	if (!error) {
		error = wg_dump_parse(file.text, file.length,
			session->options->config.interface_name, ret, &notes, diag);
		if (error)
			diag_wrap(diag, error, "%s",
				file_display_name(session->options->actual_path));
	}
	file_text_clear(&file);
	if (error)
		return diag_wrap(diag, error, "actual");
	error = dump_warn(&notes, warnings);
	bool is_hidden = notes.public_key_is_hidden;
	wg_dump_notes_clear(&notes);
	if (error)
		return diag_fail_errno(diag, error);
	if (!option_is_given(session->options, "identity")) {
		session->identity.public_key = ret->public_key;
		return 0;
	}
	error = session_load_identity(session, diag);
	if (!error && is_hidden)
		ret->public_key = session->identity.public_key;
	return error;
}

static int actual_from_device(
	struct session *session, struct device *ret, bool *ret_exists, struct diag *diag)
{
	int error = session_load_identity(session, diag);
	if (!error)
		error = session_open_controller(session, diag);
	if (!error)
		error = session_check_address(session, diag);
	if (!error)
		error = session_open_router(session, diag);
	if (error)
		return error;
	return device_plan_read(&session->controller.controller,
		session->options->config.interface_name, ret, ret_exists, diag);
}

static int names_warn(const struct state_document *document, struct warnings *warnings)
{
	int error = 0;
	for (size_t i = 0; i < document->entry_count && !error; i++) {
		const struct peer_entry *entry = &document->entries[i];
		if (!entry->error && entry->config.endpoint.kind == ENDPOINT_NAME)
			error = warnings_add(warnings,
				"peers[%zu]: endpoint %s: plan does not resolve names", i,
				endpoint_format(&entry->config.endpoint).text);
	}
	return error;
}

static int plan_report(struct session *session, const struct device *device, bool exists,
	struct warnings *warnings, bool *ret_changes, struct diag *diag)
{
	const struct options *options = session->options;
	struct device_plan plan = {0};
	struct device_plan_input input = {
		.device = device,
		.exists = exists,
		.link_is_known = !options->actual_path,
		.config = &options->config,
		.identity = &session->identity,
		.document = &session->document,
		.router = session_router(session),
		.route_policy = session_route_policy(session),
	};
	struct clock clock = system_clock();
	int64_t now_ns = option_is_given(options, "at") ? options->at_ns : clock.now_ns(clock.impl);
	int error = device_plan_compute(&input, now_ns, warnings, &plan, diag);
	if (error) {
		device_plan_clear(&plan);
		return error;
	}
	if (options->json)
		error = change_report_print_json(stdout, &plan.report);
	else
		change_report_print(stdout, &plan.report);
	if (error)
		diag_fail_errno(diag, error);
	*ret_changes = !change_report_is_empty(&plan.report);
	if (!error) {
		/* These are reported one by one, so discard earlier texts in `diag`. */
		diag_clear(diag);
		error = device_plan_report_errors(&session->document, &plan.plan);
	}
	device_plan_clear(&plan);
	return error;
}

static int plan(
	struct session *session, struct warnings *warnings, bool *ret_changes, struct diag *diag)
{
	struct device device = {0};
	bool exists = true;
	int error = session_load_state(session, warnings, diag);
	if (!error)
		error = names_warn(&session->document, warnings);
	if (error)
		return error;
	if (session->options->actual_path)
		error = actual_from_dump(session, &device, warnings, diag);
	else
		error = actual_from_device(session, &device, &exists, diag);
	if (!error)
		error = plan_report(session, &device, exists, warnings, ret_changes, diag);
	device_clear(&device);
	return error;
}

int command_plan(const struct options *options)
{
	struct session session;
	struct warnings warnings = {0};
	struct diag diag = {0};
	bool changes = false;
	if (option_is_given(options, "at") && !options->actual_path) {
		report_error("plan: --at needs --actual FILE");
		return STATUS_USAGE;
	}
	int error = session_open(&session, options, &diag);
	if (!error)
		error = plan(&session, &warnings, &changes, &diag);
	if (error && diag.length)
		report_error("plan: %s", diag_text(&diag));
	session_close(&session);
	warnings_clear(&warnings);
	diag_clear(&diag);
	return error ? STATUS_ERROR : changes ? STATUS_CHANGES : 0;
}
