/* SPDX-License-Identifier: Apache-2.0 */
#include "change_report.h"

#include "array.h"
#include "executor.h"
#include "log_escape.h"
#include "peer_report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

int warnings_add(struct warnings *warnings, const char *format, ...)
{
	char **texts =
		array_grow(warnings->texts, warnings->count, &warnings->capacity, sizeof *texts);
	if (!texts)
		return -ENOMEM;
	warnings->texts = texts;
	va_list args;
	va_start(args, format);
	int length = vasprintf(&warnings->texts[warnings->count], format, args);
	va_end(args);
	if (length < 0)
		return -ENOMEM;
	warnings->count++;
	return 0;
}

int warnings_add_plan(struct warnings *warnings, const struct plan *plan)
{
	const struct desired *desired = &plan->desired;
	int error = 0;
	for (size_t i = 0; i < desired->conflict_count && !error; i++) {
		const struct conflict *conflict = &desired->conflicts[i];
		error = warnings_add(warnings,
			"conflict over %s %s: %s keeps it, %s does not get it",
			conflict_kind_name(conflict->kind), conflict->about, conflict->winner,
			conflict->loser);
	}
	if (desired->further_conflict_count && !error)
		error = warnings_add(warnings, "%zu more conflicts, resolved in the same way",
			desired->further_conflict_count);
	if (plan->withheld_count && !error)
		error = warnings_add(warnings,
			"%zu removals withheld: unusable entries do not say which peer they mean",
			plan->withheld_count);
	return error;
}

int warnings_add_refusals(struct warnings *warnings, const struct route_plan *routes)
{
	int error = 0;
	for (size_t i = 0; i < routes->refusal_count && !error; i++)
		error = warnings_add(warnings, "no route to %s: %s",
			prefix_format(&routes->refusals[i].destination).text,
			route_refusal_format(&routes->refusals[i]).text);
	if (routes->ipv6_withheld_count && !error)
		error = warnings_add(warnings, "no route to %zu IPv6 prefixes: %s",
			routes->ipv6_withheld_count, ipv6_obstacle_text(routes->ipv6_obstacle));
	return error;
}

void warnings_clear(struct warnings *warnings)
{
	for (size_t i = 0; i < warnings->count; i++)
		free(warnings->texts[i]);
	free(warnings->texts);
	*warnings = (struct warnings){0};
}

static bool op_was_done(const struct change_report *report, size_t index)
{
	return !report->results || report->results[index].error == 0;
}

/* Count the operations of that kind that the report shows as changes. */
static size_t count_kind(const struct change_report *report, enum peer_op_kind kind)
{
	size_t count = 0;
	for (size_t i = 0; i < peer_diff_op_count(&report->plan->diff); i++)
		count += report->plan->diff.ops[i].kind == kind && op_was_done(report, i);
	return count;
}

bool change_report_is_empty(const struct change_report *report)
{
	const struct route_plan *routes = report->routes;
	return report->setup_count == 0 && peer_diff_op_count(&report->plan->diff) == 0 &&
	       (!routes || routes->add_count + routes->remove_count == 0);
}

static const char *op_id(const struct peer_op *op)
{
	return op->desired ? op->desired->id : NULL;
}

static void op_print(FILE *out, const struct peer_op *op)
{
	static const char signs[] = {
		[PEER_OP_REMOVE] = '-', [PEER_OP_UPDATE] = '~', [PEER_OP_ADD] = '+'};
	unsigned fields = op->kind == PEER_OP_UPDATE ? op->fields : PEER_FIELDS_ALL;
	fprintf(out, "%c ", signs[op->kind]);
	if (op_id(op)) {
		word_print(out, op_id(op));
		fputc(' ', out);
	}
	fputs(key_public_format(peer_op_key(op)).text, out);
	for (int i = 0; i < PEER_FIELD_COUNT && op->kind != PEER_OP_REMOVE; i++) {
		enum peer_field_bit bit = (enum peer_field_bit)i;
		if (!(fields & (1u << i)))
			continue;
		fprintf(out, " %s=", peer_field_name(bit));
		if (op->kind == PEER_OP_UPDATE) {
			peer_field_print(out, op->actual, bit);
			fputs("->", out);
		}
		peer_field_print(out, op->desired, bit);
	}
	fputc('\n', out);
}

static void routes_print(FILE *out, const struct route_plan *routes)
{
	for (size_t i = 0; i < routes->add_count; i++)
		fprintf(out, "+ route %s\n", prefix_format(&routes->adds[i]).text);
	for (size_t i = 0; i < routes->remove_count; i++)
		fprintf(out, "- route %s\n", prefix_format(&routes->removes[i]).text);
}

void change_report_print(FILE *out, const struct change_report *report)
{
	const struct peer_diff *diff = &report->plan->diff;
	bool done = report->results != NULL;
	for (size_t i = 0; i < report->setup_count; i++) {
		fprintf(out, "! %s ", interface_action_name(report->setup[i]));
		line_print(out, report->interface);
		fputc('\n', out);
	}
	for (size_t i = 0; i < peer_diff_op_count(diff); i++)
		if (op_was_done(report, i))
			op_print(out, &diff->ops[i]);
	if (report->routes)
		routes_print(out, report->routes);
	for (size_t i = 0; i < report->warnings->count; i++) {
		fputs("warning: ", out);
		line_print(out, report->warnings->texts[i]);
		fputc('\n', out);
	}
	line_print(out, report->interface);
	fprintf(out, ": %zu %s, %zu %s, %zu %s, %zu unchanged\n",
		count_kind(report, PEER_OP_REMOVE), done ? "removed" : "to remove",
		count_kind(report, PEER_OP_UPDATE), done ? "updated" : "to update",
		count_kind(report, PEER_OP_ADD), done ? "added" : "to add", diff->unchanged_count);
}

static void op_identity_make(
	struct json_make *make, struct json_object *object, const struct peer_op *op)
{
	if (op_id(op))
		json_make_text(make, object, "peer_id", op_id(op));
	json_make_text(make, object, "public_key", key_public_format(peer_op_key(op)).text);
}

static struct json_object *fields_json(struct json_make *make, unsigned fields)
{
	struct json_object *array = json_make_array(make);
	for (int bit = 0; bit < PEER_FIELD_COUNT; bit++)
		if (fields & (1u << bit))
			json_make_element(make, array,
				json_object_new_string(peer_field_name((enum peer_field_bit)bit)));
	return array;
}

/* Add the peer before or after an operation. */
static void side_make(struct json_make *make, struct json_object *object, const char *name,
	const struct peer_config *peer, unsigned fields)
{
	if (!peer)
		return;
	struct json_object *side = json_make_object(make);
	peer_fields_make(make, side, peer, fields);
	json_make_member(make, object, name, side);
}

static struct json_object *op_json(struct json_make *make, const struct peer_op *op)
{
	struct json_object *object = json_make_object(make);
	unsigned fields = op->kind == PEER_OP_UPDATE ? op->fields : PEER_FIELDS_ALL;
	json_make_text(make, object, "action", peer_op_kind_name(op->kind));
	op_identity_make(make, object, op);
	if (op->kind == PEER_OP_UPDATE)
		json_make_member(make, object, "fields", fields_json(make, fields));
	side_make(make, object, "before", op->actual, fields);
	side_make(make, object, "after", op->desired, fields);
	return object;
}

static struct json_object *changes_json(struct json_make *make, const struct change_report *report)
{
	struct json_object *array = json_make_array(make);
	for (size_t i = 0; i < peer_diff_op_count(&report->plan->diff); i++)
		if (op_was_done(report, i))
			json_make_element(make, array, op_json(make, &report->plan->diff.ops[i]));
	return array;
}

static struct json_object *failed_json(struct json_make *make, const struct change_report *report)
{
	struct json_object *array = json_make_array(make);
	for (size_t i = 0; i < peer_diff_op_count(&report->plan->diff); i++) {
		if (op_was_done(report, i))
			continue;
		const char *text = report->results[i].error_text;
		struct json_object *failure = json_make_object(make);
		op_identity_make(make, failure, &report->plan->diff.ops[i]);
		json_make_text(make, failure, "error", text ? text : "out of memory");
		json_make_element(make, array, failure);
	}
	return array;
}

static void count_make(
	struct json_make *make, struct json_object *object, const char *name, size_t count)
{
	json_make_member(make, object, name, json_object_new_uint64(count));
}

static struct json_object *summary_json(struct json_make *make, const struct change_report *report)
{
	struct json_object *object = json_make_object(make);
	for (int i = PEER_OP_REMOVE; i <= PEER_OP_ADD; i++) {
		enum peer_op_kind kind = (enum peer_op_kind)i;
		count_make(make, object, peer_op_kind_name(kind), count_kind(report, kind));
	}
	count_make(make, object, "unchanged", report->plan->diff.unchanged_count);
	return object;
}

static void destinations_add(struct json_make *make, struct json_object *array, const char *action,
	const struct prefix *destinations, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct json_object *change = json_make_object(make);
		json_make_text(make, change, "action", action);
		json_make_text(make, change, "destination", prefix_format(&destinations[i]).text);
		json_make_element(make, array, change);
	}
}

static struct json_object *routes_json(struct json_make *make, const struct route_plan *routes)
{
	struct json_object *object = json_make_object(make);
	struct json_object *changes = json_make_array(make);
	struct json_object *summary = json_make_object(make);
	destinations_add(make, changes, "add", routes->adds, routes->add_count);
	destinations_add(make, changes, "remove", routes->removes, routes->remove_count);
	count_make(make, summary, "add", routes->add_count);
	count_make(make, summary, "remove", routes->remove_count);
	count_make(make, summary, "unchanged", routes->unchanged_count);
	json_make_member(make, object, "changes", changes);
	json_make_member(make, object, "summary", summary);
	return object;
}

int change_report_print_json(FILE *out, const struct change_report *report)
{
	struct json_make make = {0};
	struct json_object *object = json_make_object(&make);
	struct json_object *setup = json_make_array(&make);
	struct json_object *warnings = json_make_array(&make);
	for (size_t i = 0; i < report->setup_count; i++)
		json_make_element(&make, setup,
			json_object_new_string(interface_action_name(report->setup[i])));
	for (size_t i = 0; i < report->warnings->count; i++)
		json_make_element(
			&make, warnings, json_object_new_string(report->warnings->texts[i]));
	json_make_member(&make, object, "version", json_object_new_int(1));
	json_make_text(&make, object, "interface", report->interface);
	json_make_member(&make, object, "setup", setup);
	json_make_member(&make, object, "changes", changes_json(&make, report));
	json_make_member(&make, object, "summary", summary_json(&make, report));
	if (report->routes)
		json_make_member(&make, object, "routes", routes_json(&make, report->routes));
	if (report->results)
		json_make_member(&make, object, "failed", failed_json(&make, report));
	json_make_member(&make, object, "warnings", warnings);
	return json_make_print(&make, object, out);
}
