/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario_read_step.h"

#include "arena.h"
#include "diag.h"
#include "errno_name.h"
#include "scenario_read_device.h"
#include "scenario_read_expectation.h"
#include "scenario_read_value.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static int read_returns(struct json_reading *reading, struct json_span value, void *target)
{
	static const char error_mark[] = "error: ";
	struct scenario_step *step = target;
	const char *text;
	int error = json_read_string(reading, value, &text);
	if (error)
		return error;
	step->checks_return = true;
	if (strcmp(text, "ok") == 0)
		return 0;
	if (strncmp(text, error_mark, strlen(error_mark)) != 0)
		return json_fail(reading, "expected \"ok\" or \"error: TEXT\"");
	step->expected_error = text + strlen(error_mark);
	return 0;
}

static int read_chunks(struct json_reading *reading, struct json_span value, void *target)
{
	struct scenario_step *step = target;
	void *chunks = NULL;
	int error = json_array_read(reading, value, json_read_string_bytes,
		sizeof(struct json_span), &chunks, &step->stream.count);
	if (!error)
		step->stream.chunks = chunks;
	return error;
}

static int read_cancel_after(struct json_reading *reading, struct json_span value, void *target)
{
	struct scenario_step *step = target;
	step->configure.cancels = true;
	return json_read_count(reading, value, &step->configure.cancel_after);
}

static int read_op(struct json_reading *reading, struct json_span value, void *target)
{
	const char *name;
	int error = json_read_string(reading, value, &name);
	if (error)
		return error;
	if (!sim_op_from_name(name, target))
		return json_fail(reading, "%s: no such operation", quote(name, strlen(name)).text);
	return 0;
}

static int read_errno(struct json_reading *reading, struct json_span value, void *target)
{
	const char *name;
	int error = json_read_string(reading, value, &name);
	if (error)
		return error;
	if (errno_from_name(name) == 0)
		return json_fail(
			reading, "%s: no name of an errno", quote(name, strlen(name)).text);
	*(int *)target = -errno_from_name(name);
	return 0;
}

static int read_times(struct json_reading *reading, struct json_span value, void *target)
{
	uint64_t times;
	int error = json_read_count(reading, value, &times);
	if (error)
		return error;
	if (times == 0 || times > UINT_MAX)
		return json_fail(reading, "must be between 1 and %u", UINT_MAX);
	*(unsigned *)target = (unsigned)times;
	return 0;
}

static int read_fault_key(struct json_reading *reading, struct json_span value, void *target)
{
	struct sim_fault *fault = target;
	fault->has_key = true;
	return json_read_public_key(reading, value, &fault->public_key);
}

static const struct json_member handshake_members[] = {
	{"public_key", json_read_public_key, offsetof(struct world_step, public_key), true},
	{"endpoint", json_read_endpoint, offsetof(struct world_step, endpoint), false},
};
static const struct json_table handshake_table = JSON_TABLE(handshake_members);

static int read_handshake(struct json_reading *reading, struct json_span value, void *target)
{
	return json_object_read(reading, value, &handshake_table, target, NULL);
}

static const struct json_member sent_members[] = {
	{"public_key", json_read_public_key, offsetof(struct world_step, public_key), true},
	{"bytes", json_read_count, offsetof(struct world_step, bytes), true},
};
static const struct json_table sent_table = JSON_TABLE(sent_members);

static int read_sent(struct json_reading *reading, struct json_span value, void *target)
{
	return json_object_read(reading, value, &sent_table, target, NULL);
}

static int read_set_peer(struct json_reading *reading, struct json_span value, void *target)
{
	struct peer_spec *spec = arena_alloc(reading->arena, sizeof *spec);
	if (!spec)
		return diag_fail_errno(reading->diag, -ENOMEM);
	*(struct peer_spec **)target = spec;
	return read_peer_spec(reading, value, spec);
}

static int read_true(struct json_reading *reading, struct json_span value, void *target)
{
	if (json_span_kind(value) != JSON_TRUE)
		return json_fail(reading, "expected true");
	return 0;
}

#define STEP_MEMBER(name, read, field, required)                                                   \
	{                                                                                          \
		name, read, offsetof(struct scenario_step, field), required                        \
	}

static int read_during_fetch(struct json_reading *reading, struct json_span value, void *target);

static const struct json_member peer_members[] = {
	STEP_MEMBER("peer", read_object_text, peer, true),
};
static const struct json_member key_members[] = {
	STEP_MEMBER("public_key", json_read_public_key, public_key, true),
};
static const struct json_member id_members[] = {
	STEP_MEMBER("peer_id", json_read_string, peer_id, true),
};
static const struct json_member configure_members[] = {
	STEP_MEMBER("peers", read_array_text, configure.peers, true),
	{"cancel_after", read_cancel_after, 0, false},
};
static const struct json_member reconcile_members[] = {
	STEP_MEMBER("state", json_read_any, reconcile.state, false),
	STEP_MEMBER("fetch_error", json_read_string, reconcile.fetch_error, false),
	{"during_fetch", read_during_fetch, 0, false},
};
static const struct json_member event_members[] = {
	STEP_MEMBER("event_type", json_read_string, event.type, true),
	STEP_MEMBER("payload", json_read_any, event.payload, true),
};
static const struct json_member deliver_members[] = {
	STEP_MEMBER("data", json_read_string_bytes, data, true),
};
static const struct json_member stream_members[] = {
	{"chunks", read_chunks, 0, true},
};
static const struct json_member advance_members[] = {
	STEP_MEMBER("by", json_read_duration, advance_ns, true),
};
/* In the order of enum world_change. */
static const struct json_member world_members[] = {
	STEP_MEMBER("remove_peer", json_read_public_key, world.public_key, false),
	STEP_MEMBER("set_peer", read_set_peer, world.peer, false),
	{"delete_interface", read_true, 0, false},
	STEP_MEMBER("set_interface", read_interface_change, world.interface, false),
	STEP_MEMBER("handshake", read_handshake, world, false),
	STEP_MEMBER("sent", read_sent, world, false),
	STEP_MEMBER("set_clock", json_read_time, world.wall_ns, false),
	STEP_MEMBER("set_route", read_route, world.route, false),
	STEP_MEMBER("remove_route", read_route, world.route, false),
	{"flush_routes", read_true, 0, false},
};
static const struct json_member fail_members[] = {
	STEP_MEMBER("op", read_op, fault.op, true),
	STEP_MEMBER("error", read_errno, fault.error, true),
	STEP_MEMBER("times", read_times, fault.times, false),
	STEP_MEMBER("public_key", read_fault_key, fault, false),
};

/* The members of each kind of step besides `do`. `expect` has a reader of its own. */
struct step_row {
	struct json_table table;
	bool returns;      /* it calls the engine */
	bool during_fetch; /* it may happen during a fetch */
};

static const struct step_row step_rows[] = {
	[STEP_SETUP] = {.returns = true},
	[STEP_TEARDOWN] = {.returns = true},
	[STEP_ADD_PEER] = {.table = JSON_TABLE(peer_members), .returns = true},
	[STEP_UPDATE_PEER] = {.table = JSON_TABLE(peer_members), .returns = true},
	[STEP_REMOVE_PEER] = {.table = JSON_TABLE(key_members), .returns = true},
	[STEP_REMOVE_PEER_BY_ID] = {.table = JSON_TABLE(id_members), .returns = true},
	[STEP_CONFIGURE_PEERS] = {.table = JSON_TABLE(configure_members), .returns = true},
	[STEP_RECONCILE] = {.table = JSON_TABLE(reconcile_members), .returns = true},
	[STEP_REPAIR] = {.returns = true, .during_fetch = true},
	[STEP_EVENT] = {JSON_TABLE(event_members), .returns = true, .during_fetch = true},
	[STEP_DELIVER] = {JSON_TABLE(deliver_members), .returns = true, .during_fetch = true},
	[STEP_STREAM] = {JSON_TABLE(stream_members), .returns = true, .during_fetch = true},
	[STEP_RESTART] = {.returns = false},
	[STEP_ADVANCE] = {.table = JSON_TABLE(advance_members)},
	[STEP_WORLD] = {JSON_TABLE(world_members), .during_fetch = true},
	[STEP_FAIL] = {JSON_TABLE(fail_members), .during_fetch = true},
	[STEP_EXPECT] = {.returns = false},
};

static const struct json_member do_members[] = {
	{"do", read_ignored, 0, true},
};
static const struct json_table do_table = JSON_TABLE(do_members);
static const struct json_member returns_members[] = {
	{"returns", read_returns, 0, false},
};
static const struct json_table returns_table = {
	.members = returns_members,
	.count = 1,
	.also = &do_table,
};

static int read_kind(struct json_reading *reading, struct json_span step, enum step_kind *ret)
{
	struct json_span value;
	const char *name;
	int error;
	if (!json_span_find_member(step, "do", &value))
		return json_fail(reading, "do: missing");
	error = json_read_string(reading, value, &name);
	if (error)
		return diag_wrap(reading->diag, error, "do");
	for (unsigned kind = 0; kind < STEP_KIND_COUNT; kind++) {
		if (strcmp(step_kind_name((enum step_kind)kind), name) == 0) {
			*ret = (enum step_kind)kind;
			return 0;
		}
	}
	return json_fail(reading, "do: %s: no such step", quote(name, strlen(name)).text);
}

static int check_world(struct json_reading *reading, struct world_step *world, unsigned given)
{
	if (given == 0 || (given & (given - 1)) != 0)
		return json_fail(reading, "world: expected one change");
	while (given >>= 1)
		world->change++;
	world->has_endpoint = world->endpoint.kind != ENDPOINT_NONE;
	return 0;
}

static int check_fault(struct json_reading *reading, struct sim_fault *fault)
{
	if (fault->times == 0)
		fault->times = 1;
	if (fault->has_key && fault->op != SIM_OP_ADD_PEER && fault->op != SIM_OP_REMOVE_PEER)
		return json_fail(
			reading, "public_key: %s is not about a peer", sim_op_name(fault->op));
	return 0;
}

/* Check what no table can express. `given` refers to the step's own members. */
static int check_step(struct json_reading *reading, struct scenario_step *step, unsigned given)
{
	if (step->kind == STEP_WORLD)
		return check_world(reading, &step->world, given);
	if (step->kind == STEP_FAIL)
		return check_fault(reading, &step->fault);
	if (step->kind == STEP_RECONCILE && step->reconcile.fetch_error &&
		step->reconcile.state.text)
		return json_fail(reading, "fetch_error: a fetch that fails has no state");
	return 0;
}

static int read_members(
	struct json_reading *reading, struct json_span value, struct scenario_step *step)
{
	const struct step_row *row = &step_rows[step->kind];
	struct json_table table = row->table;
	unsigned given = 0;
	int error;
	if (step->kind == STEP_EXPECT)
		return expectation_read(reading, value, &do_table, &step->expectation);
	table.also = row->returns ? &returns_table : &do_table;
	error = json_object_read(reading, value, &table, step, &given);
	return error ? error : check_step(reading, step, given);
}

static int read_step(struct json_reading *reading, struct json_span value,
	struct scenario_step *step, bool during_fetch)
{
	int error = json_expect(reading, value, JSON_OBJECT);
	if (!error)
		error = read_kind(reading, value, &step->kind);
	if (!error && during_fetch && !step_rows[step->kind].during_fetch)
		error = json_fail(
			reading, "do: %s cannot happen during a fetch", step_kind_name(step->kind));
	return error ? error : read_members(reading, value, step);
}

/*
 * Read the steps of an array, numbered after `outer`, which is "" or the number of the step whose
 * fetch they happen in.
 */
static int read_steps(struct json_reading *reading, struct json_span array, const char *outer,
	struct scenario_step **ret, size_t *ret_count)
{
	struct json_cursor cursor = json_cursor_open(array);
	struct json_span element;
	struct scenario_step *steps;
	size_t count = 0;
	int error = json_expect(reading, array, JSON_ARRAY);
	if (error)
		return error;
	while (json_cursor_element(&cursor, &element))
		count++;
	steps = arena_alloc(reading->arena, (count + 1) * sizeof *steps);
	if (!steps)
		return diag_fail_errno(reading->diag, -ENOMEM);
	cursor = json_cursor_open(array);
	for (count = 0; json_cursor_element(&cursor, &element); count++) {
		struct scenario_step *step = &steps[count];
		snprintf(step->number, sizeof step->number, "%s%s%zu", outer, *outer ? "." : "",
			count + 1);
		error = read_step(reading, element, step, *outer);
		if (error)
			return diag_wrap(reading->diag, error, "step %s", step->number);
	}
	*ret = steps;
	*ret_count = count;
	return 0;
}

static int read_during_fetch(struct json_reading *reading, struct json_span value, void *target)
{
	struct scenario_step *step = target;
	return read_steps(reading, value, step->number, &step->reconcile.during_fetch,
		&step->reconcile.during_fetch_count);
}

int scenario_steps_read(
	struct json_reading *reading, struct json_span steps, struct scenario *scenario)
{
	return read_steps(reading, steps, "", &scenario->steps, &scenario->step_count);
}
