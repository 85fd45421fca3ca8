/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario_read_expectation.h"

#include "arena.h"
#include "diag.h"
#include "scenario.h"
#include "scenario_read_device.h"
#include "scenario_read_value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int read_ops(struct json_reading *reading, struct json_span value, void *target)
{
	struct expectation *expectation = target;
	if (json_span_kind(value) != JSON_STRING)
		return read_texts(reading, value, &expectation->ops);
	if (!json_span_equals(value, "any"))
		return json_fail(reading, "expected an array of strings or \"any\"");
	expectation->any_ops = true;
	return 0;
}

static int read_interface_state(struct json_reading *reading, struct json_span value, void *target)
{
	const char *name;
	int error = json_read_string(reading, value, &name);
	if (error)
		return error;
	for (unsigned state = 0; state < INTERFACE_STATE_COUNT; state++) {
		if (strcmp(interface_state_name((enum interface_state)state), name) == 0) {
			*(enum interface_state *)target = (enum interface_state)state;
			return 0;
		}
	}
	return json_fail(reading, "%s: no state of the interface", quote(name, strlen(name)).text);
}

/* The array for the entries of an object. Each element begins with the name, a `const char *`. */
struct map_layout {
	size_t size;   /* of an element */
	size_t offset; /* of the value in the element */
	json_reader *read;
};

static int map_read(struct json_reading *reading, struct json_span map,
	const struct map_layout *layout, void **ret_elements, size_t *ret_count)
{
	struct json_cursor cursor = json_cursor_open(map);
	struct json_span name, value;
	size_t count = 0;
	char *elements;
	int error = json_object_check(reading, map);
	if (error)
		return error;
	while (json_cursor_member(&cursor, &name, &value))
		count++;
	elements = arena_alloc(reading->arena, (count + 1) * layout->size);
	if (!elements)
		return diag_fail_errno(reading->diag, -ENOMEM);
	cursor = json_cursor_open(map);
	for (count = 0; json_cursor_member(&cursor, &name, &value); count++) {
		char *element = elements + count * layout->size;
		error = json_read_string(reading, name, element);
		if (!error)
			error = layout->read(reading, value, element + layout->offset);
		if (error)
			return diag_wrap(reading->diag, error, "%s", json_span_quote(name).text);
	}
	*ret_elements = elements;
	*ret_count = count;
	return 0;
}

static int name_compare(const void *a, const void *b)
{
	const struct peer_name *left = a;
	const struct peer_name *right = b;
	return strcmp(left->id, right->id);
}

static int read_index(struct json_reading *reading, struct json_span value, void *target)
{
	struct expectation *expectation = target;
	void *names = NULL;
	static const struct map_layout layout = {sizeof(struct peer_name),
		offsetof(struct peer_name, public_key), json_read_public_key};
	int error = map_read(reading, value, &layout, &names, &expectation->index_count);
	if (error)
		return error;
	expectation->index = names;
	qsort(names, expectation->index_count, sizeof(struct peer_name), name_compare);
	return 0;
}

static int read_correction_type(struct json_reading *reading, struct json_span value, void *target)
{
	static const enum correction_type types[] = {
		CORRECTION_PEER_REMOVED,
		CORRECTION_PEER_UPDATED,
		CORRECTION_PEER_ADDED,
	};
	const char *name;
	int error = json_read_string(reading, value, &name);
	if (error)
		return error;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (strcmp(correction_type_name(types[i]), name) == 0) {
			*(enum correction_type *)target = types[i];
			return 0;
		}
	}
	return json_fail(reading, "%s: no type of correction", quote(name, strlen(name)).text);
}

static const struct json_member correction_members[] = {
	{"type", read_correction_type, offsetof(struct correction, type), true},
	{"detail", json_read_string, offsetof(struct correction, detail), true},
};
static const struct json_table correction_table = JSON_TABLE(correction_members);

static int read_correction(struct json_reading *reading, struct json_span value, void *target)
{
	return json_object_read(reading, value, &correction_table, target, NULL);
}

static int read_drift(struct json_reading *reading, struct json_span value, void *target)
{
	struct expectation *expectation = target;
	void *drift = NULL;
	int error;
	if (json_span_kind(value) == JSON_NULL)
		return 0;
	error = json_array_read(reading, value, read_correction, sizeof(struct correction), &drift,
		&expectation->drift_count);
	if (error)
		return error;
	expectation->drift = drift;
	expectation->has_drift = true;
	qsort(drift, expectation->drift_count, sizeof(struct correction), correction_compare);
	return 0;
}

static int read_log_count(struct json_reading *reading, struct json_span value, void *target)
{
	struct expectation *expectation = target;
	void *counts = NULL;
	static const struct map_layout layout = {sizeof(struct expected_count),
		offsetof(struct expected_count, count), json_read_count};
	int error = map_read(reading, value, &layout, &counts, &expectation->log_count_count);
	if (!error)
		expectation->log_counts = counts;
	return error;
}

static int read_routes(struct json_reading *reading, struct json_span value, void *target)
{
	struct expectation *expectation = target;
	void *routes = NULL;
	int error = json_array_read(reading, value, read_route, sizeof(struct sim_route), &routes,
		&expectation->route_count);
	if (!error)
		expectation->routes = routes;
	return error;
}

/* In the order of enum expectation_member. */
static const struct json_member expectation_members[] = {
	{"ops", read_ops, 0, false},
	{"device", read_device_spec_or_null, offsetof(struct expectation, device), false},
	{"interface", read_interface_state, offsetof(struct expectation, interface), false},
	{"index", read_index, 0, false},
	{"drift", read_drift, 0, false},
	{"logs", read_texts, offsetof(struct expectation, logs), false},
	{"log_count", read_log_count, 0, false},
	{"no_logs", read_texts, offsetof(struct expectation, no_logs), false},
	{"routes", read_routes, 0, false},
};

int expectation_read(struct json_reading *reading, struct json_span step,
	const struct json_table *also, struct expectation **ret)
{
	const struct json_table table = {
		.members = expectation_members,
		.count = sizeof expectation_members / sizeof *expectation_members,
		.also = also,
	};
	struct expectation *expectation = arena_alloc(reading->arena, sizeof *expectation);
	int error;
	if (!expectation)
		return diag_fail_errno(reading->diag, -ENOMEM);
	error = json_object_read(reading, step, &table, expectation, &expectation->given);
	if (error)
		return error;
	if (!expectation->given)
		return json_fail(reading, "expect: needs a member");
	*ret = expectation;
	return 0;
}
