/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario_read.h"

#include "curve.h"
#include "diag.h"
#include "json_scan.h"
#include "scenario_place.h"
#include "scenario_read_device.h"
#include "scenario_read_step.h"
#include "scenario_read_value.h"
#include "scenario_text.h"
#include "signing_keys_wire.h"
#include "timestamp.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_DEFAULT   "2026-03-01T12:00:00Z"
#define NODE_ID_DEFAULT "node-1"
#define MESH_IP_DEFAULT "10.100.0.1"
/* 2200-01-01: the virtual clocks stay within what timestamps can say. */
#define CLOCK_MAX_NS (INT64_C(7258118400) * NS_PER_S)

static int read_title(struct json_reading *reading, struct json_span value, void *target)
{
	const char *title;
	int error = json_read_string(reading, value, &title);
	if (error)
		return error;
	if (*title == '\0')
		return json_fail(reading, "the title is empty");
	for (const char *at = title; *at; at++) {
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return json_fail(reading, "the title has a control character");
	}
	*(const char **)target = title;
	return 0;
}

static int read_version(struct json_reading *reading, struct json_span value, void *target)
{
	uint64_t version;
	int error = json_read_count(reading, value, &version);
	if (!error && version != 1)
		return json_fail(reading, "only version 1 is known");
	return error;
}

static int read_configured_name(struct json_reading *reading, struct json_span value, void *target)
{
	const char *name;
	int error = read_interface_name(reading, value, &name);
	if (!error)
		snprintf(target, INTERFACE_NAME_MAX + 1, "%s", name);
	return error;
}

static const struct json_member config_members[] = {
	{"interface_name", read_configured_name, offsetof(struct scenario, config.interface_name),
		false},
	{"listen_port", json_read_int, offsetof(struct scenario, config.listen_port), false},
	{"mtu", json_read_int, offsetof(struct scenario, config.mtu), false},
	{"persistent_keepalive", json_read_int,
		offsetof(struct scenario, config.persistent_keepalive_s), false},
	{"routes", json_read_bool, offsetof(struct scenario, has_routes), false},
};
static const struct json_table config_table = JSON_TABLE(config_members);

static int read_config(struct json_reading *reading, struct json_span value, void *target)
{
	return json_object_read(reading, value, &config_table, target, NULL);
}

static int read_own_key(struct json_reading *reading, struct json_span value, void *target)
{
	struct key_secret key = {0};
	int error = json_read_private_key(reading, value, &key);
	if (!error && key_secret_is_zero(&key))
		error = json_fail(reading, "all zero, which is no key");
	if (!error)
		*(struct key_secret *)target = key;
	key_secret_wipe(&key);
	return error;
}

static const struct json_member identity_members[] = {
	{"node_id", json_read_node_id, offsetof(struct identity, node_id), false},
	{"mesh_ip", json_read_mesh_ip, offsetof(struct identity, mesh_ip), false},
	{"private_key", read_own_key, offsetof(struct identity, private_key), false},
};
static const struct json_table identity_table = JSON_TABLE(identity_members);

static int read_identity(struct json_reading *reading, struct json_span value, void *target)
{
	return json_object_read(reading, value, &identity_table, target, NULL);
}

static int read_steps_span(struct json_reading *reading, struct json_span value, void *target)
{
	*(struct json_span *)target = value;
	return json_expect(reading, value, JSON_ARRAY);
}

/* The members of the file; the steps are read once all others are known to be valid. */
struct top_level {
	struct scenario scenario;
	struct json_span steps;
};

#define SCENARIO_MEMBER(name, read, field, required)                                               \
	{                                                                                          \
		name, read, offsetof(struct top_level, field), required                            \
	}

static const struct json_member top_members[] = {
	SCENARIO_MEMBER("scenario", read_title, scenario.title, true),
	SCENARIO_MEMBER("version", read_version, scenario, true),
	SCENARIO_MEMBER("start", json_read_time, scenario.start_ns, false),
	SCENARIO_MEMBER("config", read_config, scenario, false),
	SCENARIO_MEMBER("identity", read_identity, scenario.identity, false),
	SCENARIO_MEMBER(
		"signing_keys", signing_keys_wire_read_strictly, scenario.signing_keys, false),
	SCENARIO_MEMBER("device", read_device_spec, scenario.device, false),
	SCENARIO_MEMBER("steps", read_steps_span, steps, true),
};
static const struct json_table top_table = JSON_TABLE(top_members);

/* Set the defaults of members that the file leaves out. */
static void set_defaults(struct scenario *scenario)
{
	struct identity *identity = &scenario->identity;
	timestamp_parse(START_DEFAULT, strlen(START_DEFAULT), &scenario->start_ns);
	ip_parse(MESH_IP_DEFAULT, strlen(MESH_IP_DEFAULT), &identity->mesh_ip);
	memset(identity->private_key.bytes, 1, KEY_BYTES);
	key_secret_clamp(&identity->private_key);
}

static int finish_identity(struct json_reading *reading, struct identity *identity)
{
	key_public_derive(&identity->private_key, &identity->public_key);
	if (!identity->node_id)
		identity->node_id = strdup(NODE_ID_DEFAULT);
	return identity->node_id ? 0 : diag_fail_errno(reading->diag, -ENOMEM);
}

/* The latest time that a clock has shown after the step. */
static int64_t latest_after(const struct scenario_step *step, int64_t latest_ns)
{
	if (step->kind == STEP_ADVANCE &&
		__builtin_add_overflow(latest_ns, step->advance_ns, &latest_ns))
		return INT64_MAX;
	if (step->kind == STEP_WORLD && step->world.wall_ns > latest_ns)
		return step->world.wall_ns;
	for (size_t i = 0; step->kind == STEP_RECONCILE && i < step->reconcile.during_fetch_count;
		i++)
		latest_ns = latest_after(&step->reconcile.during_fetch[i], latest_ns);
	return latest_ns;
}

static int check_clocks(struct json_reading *reading, const struct scenario *scenario)
{
	int64_t latest_ns = scenario->start_ns;
	for (size_t i = 0; i < scenario->step_count; i++) {
		latest_ns = latest_after(&scenario->steps[i], latest_ns);
		if (latest_ns > CLOCK_MAX_NS)
			return json_fail(reading, "step %s: the clock ends in the year 2200",
				scenario->steps[i].number);
	}
	return 0;
}

/* Read the file after the first pass: it is valid JSON, and its marks are replaced by keys. */
static int read_text(const char *raw, size_t length, struct scenario *scenario,
	struct json_span *ret_document, struct diag *diag)
{
	size_t fault = 0;
	int error = json_scan_document_to(raw, length, ret_document, &fault, diag);
	if (!error)
		error = scenario_text_substitute(
			raw, length, &scenario->text, &scenario->text_length, &fault, diag);
	if (error == -EINVAL)
		return scenario_place_wrap(raw, fault, error, diag);
	if (error)
		return error;
	return json_scan_document(scenario->text, scenario->text_length, ret_document, diag);
}

static int read_top_level(
	struct json_reading *reading, struct json_span document, struct top_level *top)
{
	struct scenario *scenario = &top->scenario;
	int error = json_object_read(reading, document, &top_table, top, NULL);
	if (!error)
		error = finish_identity(reading, &scenario->identity);
	if (error)
		return error;
	config_apply_defaults(&scenario->config);
	error = config_validate(&scenario->config, reading->diag);
	if (error)
		return diag_wrap(reading->diag, error, "config");
	error = scenario_steps_read(reading, top->steps, scenario);
	return error ? error : check_clocks(reading, scenario);
}

int scenario_read(const char *raw, size_t length, struct scenario *ret, struct diag *diag)
{
	struct top_level top = {0};
	struct scenario *scenario = &top.scenario;
	struct json_reading reading = {.arena = &scenario->arena, .diag = diag};
	struct json_span document;
	int error = read_text(raw, length, scenario, &document, diag);
	set_defaults(scenario);
	if (!error)
		error = read_top_level(&reading, document, &top);
	if (error)
		scenario_clear(scenario);
	else
		*ret = *scenario;
	explicit_bzero(&top, sizeof top);
	return error;
}
