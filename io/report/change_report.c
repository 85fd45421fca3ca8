#include "change_report.h"

#include "executor.h"
#include "log_escape.h"
#include "peer_report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

int warnings_add(struct warnings *warnings, const char *format, ...)
{
	char **texts = reallocarray(warnings->texts, warnings->count + 1, sizeof *texts);
	if (!texts)
		return -ENOMEM;
	warnings->texts = texts;
	va_list args;
	va_start(args, format);
	int length = vasprintf(&texts[warnings->count], format, args);
	va_end(args);
	if (length < 0)
		return -ENOMEM;
	warnings->count++;
	return 0;
}

int warnings_add_conflicts(struct warnings *warnings, const struct desired *desired)
{
	int error = 0;
	for (size_t i = 0; i < desired->conflict_count && !error; i++) {
		const struct conflict *conflict = &desired->conflicts[i];
		error = warnings_add(warnings,
			"conflict over %s %s: %s keeps it, %s does not get it",
			conflict_kind_name(conflict->kind), conflict->about, conflict->winner,
			conflict->loser);
	}
	return error;
}

int warnings_add_refusals(struct warnings *warnings, const struct route_plan *routes)
{
	int error = 0;
	for (size_t i = 0; i < routes->refusal_count && !error; i++)
		error = warnings_add(warnings, "no route to %s: %s",
			prefix_format(&routes->refusals[i].destination).text,
			route_refusal_format(&routes->refusals[i]).text);
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

/* How many of the operations of that kind the report shows as changes. */
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
		text_print(out, op_id(op));
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
	for (size_t i = 0; i < report->setup_count; i++)
		fprintf(out, "! %s %s\n", interface_action_name(report->setup[i]),
			report->interface);
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
	fprintf(out, "%s: %zu %s, %zu %s, %zu %s, %zu unchanged\n", report->interface,
		count_kind(report, PEER_OP_REMOVE), done ? "removed" : "to remove",
		count_kind(report, PEER_OP_UPDATE), done ? "updated" : "to update",
		count_kind(report, PEER_OP_ADD), done ? "added" : "to add", diff->unchanged_count);
}

static struct json_object *op_identity_json(const struct peer_op *op)
{
	struct json_object *object = json_object_new_object();
	if (object && op_id(op))
		json_object_object_add(object, "peer_id", json_object_new_string(op_id(op)));
	if (object)
		json_object_object_add(object, "public_key",
			json_object_new_string(key_public_format(peer_op_key(op)).text));
	return object;
}

static struct json_object *fields_json(unsigned fields)
{
	struct json_object *array = json_object_new_array();
	for (int bit = 0; array && bit < PEER_FIELD_COUNT; bit++)
		if (fields & (1u << bit))
			json_object_array_add(array,
				json_object_new_string(peer_field_name((enum peer_field_bit)bit)));
	return array;
}

static struct json_object *op_json(const struct peer_op *op)
{
	struct json_object *object = json_object_new_object();
	if (!object)
		return NULL;
	unsigned fields = op->kind == PEER_OP_UPDATE ? op->fields : PEER_FIELDS_ALL;
	json_object_object_add(
		object, "action", json_object_new_string(peer_op_kind_name(op->kind)));
	struct json_object *who = op_identity_json(op);
	json_object_object_foreach(who, name, value)
		json_object_object_add(object, name, json_object_get(value));
	json_object_put(who);
	if (op->kind == PEER_OP_UPDATE)
		json_object_object_add(object, "fields", fields_json(fields));
	if (op->actual)
		json_object_object_add(object, "before", peer_fields_json(op->actual, fields));
	if (op->desired)
		json_object_object_add(object, "after", peer_fields_json(op->desired, fields));
	return object;
}

static struct json_object *failed_json(const struct change_report *report)
{
	struct json_object *array = json_object_new_array();
	for (size_t i = 0; array && i < peer_diff_op_count(&report->plan->diff); i++) {
		if (op_was_done(report, i))
			continue;
		const char *text = report->results[i].error_text;
		struct json_object *failure = op_identity_json(&report->plan->diff.ops[i]);
		json_object_object_add(
			failure, "error", json_object_new_string(text ? text : "out of memory"));
		json_object_array_add(array, failure);
	}
	return array;
}

static struct json_object *summary_json(const struct change_report *report)
{
	struct json_object *object = json_object_new_object();
	for (int i = PEER_OP_REMOVE; object && i <= PEER_OP_ADD; i++) {
		enum peer_op_kind kind = (enum peer_op_kind)i;
		json_object_object_add(object, peer_op_kind_name(kind),
			json_object_new_uint64(count_kind(report, kind)));
	}
	json_object_object_add(
		object, "unchanged", json_object_new_uint64(report->plan->diff.unchanged_count));
	return object;
}

static void destinations_add(struct json_object *array, const char *action,
	const struct prefix *destinations, size_t count)
{
	for (size_t i = 0; array && i < count; i++) {
		struct json_object *change = json_object_new_object();
		json_object_object_add(change, "action", json_object_new_string(action));
		json_object_object_add(change, "destination",
			json_object_new_string(prefix_format(&destinations[i]).text));
		json_object_array_add(array, change);
	}
}

static struct json_object *routes_json(const struct route_plan *routes)
{
	struct json_object *object = json_object_new_object();
	struct json_object *changes = json_object_new_array();
	struct json_object *summary = json_object_new_object();
	destinations_add(changes, "add", routes->adds, routes->add_count);
	destinations_add(changes, "remove", routes->removes, routes->remove_count);
	json_object_object_add(summary, "add", json_object_new_uint64(routes->add_count));
	json_object_object_add(summary, "remove", json_object_new_uint64(routes->remove_count));
	json_object_object_add(
		summary, "unchanged", json_object_new_uint64(routes->unchanged_count));
	json_object_object_add(object, "changes", changes);
	json_object_object_add(object, "summary", summary);
	return object;
}

static struct json_object *report_json(const struct change_report *report)
{
	struct json_object *object = json_object_new_object();
	struct json_object *setup = json_object_new_array();
	struct json_object *changes = json_object_new_array();
	struct json_object *warnings = json_object_new_array();
	for (size_t i = 0; setup && i < report->setup_count; i++)
		json_object_array_add(
			setup, json_object_new_string(interface_action_name(report->setup[i])));
	for (size_t i = 0; changes && i < peer_diff_op_count(&report->plan->diff); i++)
		if (op_was_done(report, i))
			json_object_array_add(changes, op_json(&report->plan->diff.ops[i]));
	for (size_t i = 0; warnings && i < report->warnings->count; i++)
		json_object_array_add(warnings, json_object_new_string(report->warnings->texts[i]));
	if (!object || !setup || !changes || !warnings) {
		json_object_put(object);
		json_object_put(setup);
		json_object_put(changes);
		json_object_put(warnings);
		return NULL;
	}
	json_object_object_add(object, "version", json_object_new_int(1));
	json_object_object_add(object, "interface", json_object_new_string(report->interface));
	json_object_object_add(object, "setup", setup);
	json_object_object_add(object, "changes", changes);
	json_object_object_add(object, "summary", summary_json(report));
	if (report->routes)
		json_object_object_add(object, "routes", routes_json(report->routes));
	if (report->results)
		json_object_object_add(object, "failed", failed_json(report));
	json_object_object_add(object, "warnings", warnings);
	return object;
}

int change_report_print_json(FILE *out, const struct change_report *report)
{
	struct json_object *object = report_json(report);
	const char *text =
		object ? json_object_to_json_string_ext(
				 object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE)
		       : NULL;
	if (text)
		fprintf(out, "%s\n", text);
	json_object_put(object);
	return text ? 0 : -ENOMEM;
}
