/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario_expect.h"

#include "device_compare.h"
#include "diag.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A text that is written with stdio. */
struct draft {
	FILE *out;
	char *text;
	size_t length;
};

static int draft_open(struct draft *draft)
{
	*draft = (struct draft){0};
	draft->out = open_memstream(&draft->text, &draft->length);
	return draft->out ? 0 : -ENOMEM;
}

/* Make the draft the text of the failure. Returns -EBADMSG or -ENOMEM. */
static int draft_fail(struct draft *draft, struct diag *diag)
{
	bool broken = ferror(draft->out);
	int error = -ENOMEM;
	if (fclose(draft->out) == 0 && !broken)
		error = diag_fail(diag, -EBADMSG, "%s", draft->text);
	free(draft->text);
	return error;
}

/* Return the texts from index `from` on. An empty list has no array to point into. */
static const char *const *texts_from(const struct text_list *list, size_t from)
{
	return list->count ? (const char *const *)list->texts + from : NULL;
}

static int check_ops(
	struct scenario_run *run, const struct expectation *expected, struct diag *diag)
{
	const struct text_list *ops = &run->record.ops;
	const char *const *found = texts_from(ops, run->record.ops_from);
	size_t count = ops->count - run->record.ops_from;
	bool same = expected->any_ops || expected->ops.count == count;
	struct draft draft;
	run->record.ops_from = ops->count;
	for (size_t i = 0; same && !expected->any_ops && i < count; i++)
		same = strcmp(expected->ops.texts[i], found[i]) == 0;
	if (same)
		return 0;
	if (draft_open(&draft) != 0)
		return -ENOMEM;
	fputs("expected ", draft.out);
	texts_write(draft.out, expected->ops.texts, expected->ops.count);
	fputs(", found ", draft.out);
	texts_write(draft.out, found, count);
	return draft_fail(&draft, diag);
}

static int check_device(
	struct scenario_run *run, const struct expectation *expected, struct diag *diag)
{
	const struct device_spec *device = expected->device;
	const char *name = device && (device->given & DEVICE_SPEC_NAME)
				   ? device->name
				   : run->scenario->config.interface_name;
	return device_compare(device, sim_controller_find(&run->sim, name), diag);
}

static int check_interface(
	struct scenario_run *run, const struct expectation *expected, struct diag *diag)
{
	enum interface_state state = run->process.manager.state;
	if (state == expected->interface)
		return 0;
	return diag_fail(diag, -EBADMSG, "expected %s, found %s",
		interface_state_name(expected->interface), interface_state_name(state));
}

static void names_write(FILE *out, const struct peer_name *names, size_t count)
{
	fputc('{', out);
	for (size_t i = 0; i < count; i++) {
		fputs(i > 0 ? ", " : "", out);
		text_write(out, names[i].id);
		fputs(": ", out);
		text_write(out, key_public_format(&names[i].public_key).text);
	}
	fputc('}', out);
}

static bool names_equal(const struct peer_name *a, const struct peer_name *b, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(a[i].id, b[i].id) != 0 ||
			!key_public_equal(&a[i].public_key, &b[i].public_key))
			return false;
	}
	return true;
}

static int check_index(
	struct scenario_run *run, const struct expectation *expected, struct diag *diag)
{
	struct peer_names names = {0};
	struct draft draft;
	int error = peer_index_snapshot(manager_peer_index(&run->process.manager), &names);
	if (error)
		return error;
	if (names.count == expected->index_count &&
		names_equal(names.names, expected->index, names.count))
		goto out;
	error = draft_open(&draft);
	if (error)
		goto out;
	fputs("expected ", draft.out);
	names_write(draft.out, expected->index, expected->index_count);
	fputs(", found ", draft.out);
	names_write(draft.out, names.names, names.count);
	error = draft_fail(&draft, diag);
out:
	peer_names_clear(&names);
	return error;
}

static void drift_write(FILE *out, bool made, const struct correction *drift, size_t count)
{
	if (!made) {
		fputs("null", out);
		return;
	}
	fputc('[', out);
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "%s%s ", i > 0 ? ", " : "", correction_type_name(drift[i].type));
		text_write(out, drift[i].detail);
	}
	fputc(']', out);
}

static bool drift_holds(const struct run_record *record, const struct expectation *expected)
{
	if (expected->has_drift != record->has_drift ||
		expected->drift_count != record->drift_count)
		return false;
	for (size_t i = 0; i < record->drift_count; i++) {
		if (expected->drift[i].type != record->drift[i].type ||
			strcmp(expected->drift[i].detail, record->drift[i].detail) != 0)
			return false;
	}
	return true;
}

static int check_drift(
	struct scenario_run *run, const struct expectation *expected, struct diag *diag)
{
	const struct run_record *record = &run->record;
	struct draft draft;
	if (drift_holds(record, expected))
		return 0;
	if (draft_open(&draft) != 0)
		return -ENOMEM;
	fputs("expected ", draft.out);
	drift_write(draft.out, expected->has_drift, expected->drift, expected->drift_count);
	fputs(", found ", draft.out);
	drift_write(draft.out, record->has_drift, record->drift, record->drift_count);
	return draft_fail(&draft, diag);
}

static bool route_is_expected(const struct sim_route *route, const struct expectation *expected)
{
	for (size_t i = 0; i < expected->route_count; i++) {
		const struct sim_route *other = &expected->routes[i];
		if (prefix_equal(&other->destination, &route->destination) &&
			other->table == route->table && other->type == route->type)
			return true;
	}
	return false;
}

/* Each expected route is found at most once, since no two routes of a table are the same. */
static bool routes_hold(const struct sim_routes *found, const struct expectation *expected)
{
	size_t ours = 0;
	for (const struct sim_route_node *node = found->first; node; node = node->next) {
		if (!node->route.is_ours)
			continue;
		if (!route_is_expected(&node->route, expected))
			return false;
		ours++;
	}
	return ours == expected->route_count;
}

/* Write `gap`, then the route. */
static void route_write(FILE *out, const char *gap, const struct sim_route *route)
{
	fputs(gap, out);
	text_write(out, sim_route_format(route).text);
}

static int check_routes(
	struct scenario_run *run, const struct expectation *expected, struct diag *diag)
{
	const struct sim_routes *found = &run->sim.routes;
	struct draft draft;
	if (routes_hold(found, expected))
		return 0;
	if (draft_open(&draft) != 0)
		return -ENOMEM;
	const char *gap = "";
	fputs("expected [", draft.out);
	for (size_t i = 0; i < expected->route_count; i++)
		route_write(draft.out, i ? ", " : "", &expected->routes[i]);
	fputs("], found [", draft.out);
	for (const struct sim_route_node *node = found->first; node; node = node->next) {
		if (!node->route.is_ours)
			continue;
		route_write(draft.out, gap, &node->route);
		gap = ", ";
	}
	fputc(']', draft.out);
	return draft_fail(&draft, diag);
}

/* Return how many log lines, from index `from` on, contain the text. */
static uint64_t lines_with(const struct text_list *logs, size_t from, const char *text)
{
	uint64_t count = 0;
	for (size_t i = from; i < logs->count; i++)
		count += strstr(logs->texts[i], text) != NULL;
	return count;
}

static int check_logs(
	struct scenario_run *run, const struct expectation *expected, struct diag *diag)
{
	const struct text_list *logs = &run->record.logs;
	size_t from = run->record.logs_from;
	struct draft draft;
	run->record.logs_from = logs->count;
	for (size_t i = 0; i < expected->logs.count; i++) {
		if (lines_with(logs, from, expected->logs.texts[i]) > 0)
			continue;
		if (draft_open(&draft) != 0)
			return -ENOMEM;
		fputs("expected a line with ", draft.out);
		text_write(draft.out, expected->logs.texts[i]);
		fputs(", found ", draft.out);
		texts_write(draft.out, texts_from(logs, from), logs->count - from);
		return draft_fail(&draft, diag);
	}
	return 0;
}

static int check_log_count(
	struct scenario_run *run, const struct expectation *expected, struct diag *diag)
{
	const struct text_list *logs = &run->record.logs;
	size_t from = run->record.log_count_from;
	run->record.log_count_from = logs->count;
	for (size_t i = 0; i < expected->log_count_count; i++) {
		const struct expected_count *count = &expected->log_counts[i];
		uint64_t found = lines_with(logs, from, count->text);
		if (found != count->count)
			return diag_fail(diag, -EBADMSG,
				"expected %" PRIu64 " lines with %s, found %" PRIu64, count->count,
				quote(count->text, strlen(count->text)).text, found);
	}
	return 0;
}

static int check_no_logs(
	struct scenario_run *run, const struct expectation *expected, struct diag *diag)
{
	const struct text_list *logs = &run->record.logs;
	struct draft draft;
	for (size_t i = 0; i < expected->no_logs.count; i++) {
		const char *text = expected->no_logs.texts[i];
		for (size_t line = 0; line < logs->count; line++) {
			if (!strstr(logs->texts[line], text))
				continue;
			if (draft_open(&draft) != 0)
				return -ENOMEM;
			fputs("expected no line with ", draft.out);
			text_write(draft.out, text);
			fputs(", found ", draft.out);
			text_write(draft.out, logs->texts[line]);
			return draft_fail(&draft, diag);
		}
	}
	return 0;
}

enum run_outcome scenario_expect(
	struct scenario_run *run, const struct expectation *expected, struct diag *diag)
{
	static const struct {
		enum expectation_member member;
		const char *name;
		int (*check)(struct scenario_run *, const struct expectation *, struct diag *);
	} checks[] = {
		{EXPECT_OPS, "ops", check_ops},
		{EXPECT_DEVICE, "device", check_device},
		{EXPECT_INTERFACE, "interface", check_interface},
		{EXPECT_INDEX, "index", check_index},
		{EXPECT_DRIFT, "drift", check_drift},
		{EXPECT_LOGS, "logs", check_logs},
		{EXPECT_LOG_COUNT, "log_count", check_log_count},
		{EXPECT_NO_LOGS, "no_logs", check_no_logs},
		{EXPECT_ROUTES, "routes", check_routes},
	};
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
		int error = 0;
		if (expected->given & checks[i].member)
			error = checks[i].check(run, expected, diag);
		if (error == -ENOMEM)
			return RUN_OUT_OF_MEMORY;
		if (error) {
			diag_wrap(diag, error, "%s", checks[i].name);
			return RUN_FAILS;
		}
	}
	return RUN_HOLDS;
}
