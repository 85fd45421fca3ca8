/* SPDX-License-Identifier: Apache-2.0 */
#include "convert_parts.h"

#include "diag.h"
#include "scenario_read.h"
#include "timestamp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct trace_line nothing_retained;

/* The controller of the replay: before a cycle reads the device, it changes the world. */
static int world_then_read(void *impl, const char *name, struct device *ret, struct diag *diag)
{
	struct sim_controller *sim = impl;
	struct scenario_run *run =
		(struct scenario_run *)((char *)sim - offsetof(struct scenario_run, sim));
	struct converter *converter =
		(struct converter *)((char *)run - offsetof(struct converter, run));
	const struct trace_line *cause = converter->cause;
	converter->cause = NULL;
	if (cause)
		convert_device(converter, cause);
	return converter->sim_ops->read_device(impl, name, ret, diag);
}

static struct key_text private_key_text(const struct replacements *replacements)
{
	struct key_public key; /* in the form of a public one, to be formatted */
	memcpy(key.bytes, replacements->own_private_key.bytes, sizeof key.bytes);
	return key_public_format(&key);
}

/* All members but the steps. */
static void head_put(struct converter *converter, const struct trace_read *read)
{
	const struct trace_snapshot *snapshot = &read->line.snapshot;
	const struct interface_config *config = &snapshot->config;
	const struct signing_keys *keys = &snapshot->signing_keys;
	struct convert_text *out = &converter->out;
	int64_t start_ns = read->line.at.wall_ns;
	convert_put(out, converter,
		"{\"scenario\":\"A traced run does the same again\",\n\"version\":1,\n"
		"\"start\":\"%s\",\n\"config\":{\"listen_port\":%d,\"mtu\":%d,"
		"\"persistent_keepalive\":%d},\n\"identity\":{",
		timestamp_format(start_ns - start_ns % NS_PER_MS).text, config->listen_port,
		config->mtu, config->persistent_keepalive_s);
	if (snapshot->node_id)
		convert_put(out, converter, "\"node_id\":\"%s\",", snapshot->node_id);
	convert_put(out, converter, "\"mesh_ip\":\"%s\",\"private_key\":\"%s\"}",
		ip_format(&snapshot->mesh_ip).text,
		private_key_text(&converter->replacements).text);
	if (!key_public_is_zero(&keys->current)) {
		convert_put(out, converter, ",\n\"signing_keys\":");
		convert_signing_keys(out, converter, keys);
	}
	convert_put(out, converter, ",\n\"device\":{},\n\"steps\":[");
}

static void replay_begin(struct converter *converter, const struct trace_read *read)
{
	struct convert_text head = {0};
	head_put(converter, read);
	convert_put(&head, converter, "%s]}", converter->out.text ? converter->out.text : "");
	int error = converter->error;
	if (!error)
		error = scenario_read(
			head.text, head.length, &converter->scenario, &converter->diag);
	convert_text_clear(&head);
	if (!error) {
		error = scenario_run_begin(&converter->run, &converter->scenario, NULL);
		converter->has_begun = error == 0;
	}
	if (error) {
		converter->error = error == -EINVAL ? -EPROTO : -ENOMEM;
		return;
	}
	struct controller *controller = &converter->run.process.manager.controller;
	converter->sim_ops = controller->ops;
	converter->ops = *controller->ops;
	converter->ops.read_device = world_then_read;
	controller->ops = &converter->ops;
}

/* Make the index know the id and the key, and nothing else of the peer. */
static void name_write(struct converter *converter, const struct peer_name *name)
{
	struct key_public known;
	if (peer_index_lookup(&converter->run.process.manager.index, name->id, &known) &&
		key_public_equal(&known, &name->public_key))
		return;
	convert_step(converter,
		"{\"do\":\"add_peer\",\"peer\":{\"id\":\"%s\",\"public_key\":\"%s\","
		"\"allowed_ips\":[]}}",
		name->id, key_public_format(&name->public_key).text);
	convert_step(converter, "{\"do\":\"remove_peer\",\"public_key\":\"%s\"}",
		key_public_format(&name->public_key).text);
}

static void pending_write(
	struct converter *converter, const struct trace_read *read, const struct pending_peer *peer)
{
	struct peer_names names = read->line.snapshot.names;
	bool is_named = false;
	if (peer->removed) {
		convert_step(converter,
			"{\"do\":\"event\",\"event_type\":\"peer_removed\",\"payload\":"
			"{\"peer_id\":\"%s\"}}",
			peer->id);
		return;
	}
	char *text = convert_peer_text(&peer->entry.config);
	convert_step(converter, "{\"do\":\"event\",\"event_type\":\"peer_added\",\"payload\":%s}",
		text ? text : "");
	free(text);
	for (size_t i = 0; i < names.count; i++)
		is_named = is_named || strcmp(names.names[i].id, peer->id) == 0;
	if (!is_named)
		convert_step(
			converter, "{\"do\":\"remove_peer_by_id\",\"peer_id\":\"%s\"}", peer->id);
	convert_step(converter, "{\"do\":\"remove_peer\",\"public_key\":\"%s\"}",
		key_public_format(&peer->entry.config.public_key).text);
}

/* Make the replay's process know the pending events and the index of an earlier process. Later
 * steps undo what that does to the device. */
static void earlier_life_write(struct converter *converter, const struct trace_read *read)
{
	const struct peer_names *names = &read->line.snapshot.names;
	const char *interface = converter->scenario.config.interface_name;
	static const struct key_public any = {{1}};
	if (!names->count && !read->line.snapshot.pending->count)
		return;
	/* The steps need a device of any kind. */
	bool is_made = !sim_controller_find(&converter->run.sim, interface);
	if (is_made)
		convert_step(converter, "{\"do\":\"setup\"}");
	for (size_t i = 0; i < read->line.snapshot.pending->count; i++)
		pending_write(converter, read, read->line.snapshot.pending->peers[i]);
	for (size_t i = 0; i < names->count; i++)
		name_write(converter, &names->names[i]);
	if (!is_made)
		return;
	convert_step(converter, "{\"do\":\"world\",\"delete_interface\":true}");
	/* The process notices that. */
	convert_step(converter, "{\"do\":\"remove_peer\",\"public_key\":\"%s\"}",
		key_public_format(&any).text);
}

/* The interface is in that state of a running process. */
static void state_write(struct converter *converter, enum interface_state state)
{
	static const char *const failing[] = {[INTERFACE_CREATED] = "configure_address",
		[INTERFACE_ADDRESSED] = "set_mtu",
		[INTERFACE_SIZED] = "set_interface_up",
		[INTERFACE_UP] = NULL};
	if (state == INTERFACE_ABSENT)
		return;
	if (failing[state])
		convert_step(converter, "{\"do\":\"fail\",\"op\":\"%s\",\"error\":\"EIO\"}",
			failing[state]);
	convert_step(converter, "{\"do\":\"setup\"}");
}

static void any_ops_write(struct converter *converter)
{
	convert_step(converter, "{\"do\":\"expect\",\"ops\":\"any\"}");
	convert_put(&converter->out, converter, "%s\n%.*s", converter->unit_count ? "," : "",
		(int)converter->unit.length - 2, converter->unit.text ? converter->unit.text : "");
	converter->unit_count++;
	convert_text_clear(&converter->unit);
	convert_text_clear(&converter->expected);
}

/* The scenario begins in the middle of a process. */
static void process_resume(struct converter *converter, const struct trace_read *read)
{
	const struct trace_snapshot *snapshot = &read->line.snapshot;
	state_write(converter, snapshot->state);
	any_ops_write(converter);
	if (snapshot->has_document && snapshot->state == INTERFACE_UP)
		convert_first_cycle(converter, read->line.at);
	earlier_life_write(converter, read);
	any_ops_write(converter);
}

/* A process begins, in the scenario or in the middle of it. */
static void process_begin(struct converter *converter, const struct trace_read *read, bool is_first)
{
	const struct signing_keys *keys = &read->line.snapshot.signing_keys;
	const struct signing_keys *known = &converter->run.process.verifier.keys;
	if (!is_first)
		convert_step(converter, "{\"do\":\"restart\"}");
	if (!key_public_equal(&keys->current, &known->current) &&
		!key_public_is_zero(&keys->current))
		convert_step(converter,
			"{\"do\":\"event\",\"event_type\":\"signing_key_rotated\","
			"\"payload\":{\"current\":\"%s\"}}",
			key_public_format(&keys->current).text);
	earlier_life_write(converter, read);
	any_ops_write(converter);
	convert_text_clear(&converter->written);
	converter->has_written_events = false;
	converter->retained = &nothing_retained;
}

static bool has_same_config(
	const struct converter *converter, const struct trace_snapshot *snapshot)
{
	const struct interface_config *a = &converter->config, *b = &snapshot->config;
	return ip_equal(&converter->scenario.identity.mesh_ip, &snapshot->mesh_ip) &&
	       a->listen_port == b->listen_port && a->mtu == b->mtu &&
	       a->persistent_keepalive_s == b->persistent_keepalive_s;
}

/* A machine that was booted again has another boot clock; the wall clock tells the pause. */
static void clock_rebase(struct converter *converter, struct moment at)
{
	int64_t ran_ns = converter->run.now.boot_ns - converter->scenario.start_ns;
	int64_t pause_ns = at.wall_ns - converter->run.now.wall_ns;
	if (at.boot_ns - converter->base.boot_ns < ran_ns)
		converter->base.boot_ns = at.boot_ns - ran_ns - (pause_ns > 0 ? pause_ns : 0);
}

static void convert_snapshot(struct converter *converter, const struct trace_read *read)
{
	const struct trace_snapshot *snapshot = &read->line.snapshot;
	bool is_first = !converter->has_begun;
	if (is_first) {
		converter->config = snapshot->config;
		converter->base = read->line.at;
		replay_begin(converter, read);
	}
	if (is_first || snapshot->is_start)
		convert_model_begin(converter, &read->line);
	else
		convert_model_apply(converter, &read->line);
	if (converter->error)
		return;
	if (!is_first && !has_same_config(converter, snapshot)) {
		convert_fail(converter, "another configuration or mesh address");
		return;
	}
	converter->config = snapshot->config;
	if (!snapshot->is_start && !is_first)
		return;
	if (!is_first) {
		clock_rebase(converter, read->line.at);
		convert_time(converter, read->line.at);
	}
	if (snapshot->is_start)
		process_begin(converter, read, is_first);
	else
		process_resume(converter, read);
}

static void group_add(struct converter *converter, struct trace_read *read)
{
	struct convert_group *group = &converter->group;
	if (group->count == group->capacity) {
		size_t capacity = group->capacity ? group->capacity * 2 : 8;
		struct trace_read *larger = reallocarray(group->reads, capacity, sizeof *larger);
		if (!larger) {
			convert_fail_memory(converter);
			trace_read_clear(read);
			return;
		}
		group->reads = larger;
		group->capacity = capacity;
	}
	group->reads[group->count++] = *read;
}

/* Take a line over. A unit is written once its last line is known. */
static void convert_take(struct converter *converter, struct trace_read *read)
{
	struct convert_group *group = &converter->group;
	enum trace_kind kind = read->line.kind;
	bool is_within = kind == TRACE_EVENT || kind == TRACE_REPAIR || kind == TRACE_FINISH;
	bool is_rotation = kind == TRACE_SNAPSHOT && !read->line.snapshot.is_start &&
			   converter->has_begun && group->is_open;
	if (kind == TRACE_REJECTED) {
		trace_read_clear(read);
		return;
	}
	is_within = is_within || is_rotation;
	if (!is_within) {
		convert_cycle(converter); /* abandoned */
		group->is_open = false;
	}
	if (kind == TRACE_SNAPSHOT && !is_rotation) {
		if (!converter->error)
			convert_snapshot(converter, read);
		group->is_open = read->line.snapshot.is_fetching;
		trace_read_clear(read);
		return;
	}
	group_add(converter, read);
	if (kind == TRACE_BEGIN && !read->line.error)
		group->is_open = true;
	if (kind == TRACE_FINISH)
		group->is_open = false;
	if (!group->is_open)
		convert_cycle(converter);
}

/* A walk over the lines of all segments. */
struct line_walk {
	const struct convert_segment *segments;
	size_t segment_count, segment;
	size_t offset;
	size_t number; /* of the last line, from 1 */
};

/* Return false after the last line. A segment's last line without an LF is ignored. */
static bool walk_line(struct line_walk *walk, const char **ret, size_t *ret_length)
{
	while (walk->segment < walk->segment_count) {
		const struct convert_segment *segment = &walk->segments[walk->segment];
		const char *line = segment->text + walk->offset;
		size_t left = segment->length - walk->offset;
		const char *end = left ? memchr(line, '\n', left) : NULL;
		if (end) {
			*ret = line;
			*ret_length = (size_t)(end - line);
			walk->offset += *ret_length + 1;
			walk->number++;
			return true;
		}
		walk->segment++;
		walk->offset = walk->number = 0;
	}
	return false;
}

static int walk_read(
	struct line_walk *walk, bool *ret_read, struct trace_read *ret, struct diag *diag)
{
	const char *text = NULL;
	size_t length = 0;
	*ret_read = walk_line(walk, &text, &length);
	if (!*ret_read)
		return 0;
	int error = trace_line_read(text, length, ret, diag);
	if (error == -ENOMEM)
		return diag_fail_errno(diag, error);
	return error ? diag_wrap(diag, error, "%s: line %zu", walk->segments[walk->segment].name,
			       walk->number)
		     : 0;
}

/* How a segment begins; zero for an empty one. */
struct segment_start {
	int64_t at_ns;
	bool is_fetching;
};

/* Collect what will be replaced, and note how each segment begins and when the last line was. */
static int trace_scan(struct converter *converter, struct line_walk walk,
	struct segment_start *starts, int64_t *ret_last_ns, struct diag *diag)
{
	struct trace_read read;
	bool is_read;
	int error;
	for (;;) {
		error = walk_read(&walk, &is_read, &read, diag);
		if (error || !is_read)
			break;
		if (walk.number == 1)
			starts[walk.segment] = (struct segment_start){read.line.at.wall_ns,
				read.line.kind == TRACE_SNAPSHOT && read.line.snapshot.is_fetching};
		if (walk.number == 1 && read.line.kind != TRACE_SNAPSHOT)
			error = diag_fail(diag, -EINVAL, "%s: begins without a snapshot",
				walk.segments[walk.segment].name);
		*ret_last_ns = read.line.at.wall_ns;
		replacements_collect(&converter->replacements, &read);
		trace_read_clear(&read);
		if (error)
			break;
	}
	return error ? error : replacements_seal(&converter->replacements);
}

/* The replay knows less of a fetch that it did not see begin: begin with an earlier segment, or a
 * later one, if there is one that does not begin in a fetch. */
static size_t segment_choose(const struct segment_start *starts, size_t count, size_t wanted)
{
	for (size_t i = wanted + 1; i-- > 0;)
		if (starts[i].at_ns && !starts[i].is_fetching)
			return i;
	for (size_t i = wanted + 1; i < count; i++)
		if (starts[i].at_ns && !starts[i].is_fetching)
			return i;
	return wanted;
}

/* Find the segment to begin with, and collect. */
static int walk_begin(struct converter *converter, struct line_walk *walk,
	struct convert_range range, struct diag *diag)
{
	struct segment_start *starts = calloc(walk->segment_count + 1, sizeof *starts);
	int64_t last_ns = INT64_MIN;
	if (!starts)
		return -ENOMEM;
	int error = trace_scan(converter, *walk, starts, &last_ns, diag);
	if (!error && last_ns == INT64_MIN)
		error = diag_fail(diag, -ENODATA, "the trace is empty");
	if (range.last_ns)
		range.since_ns = last_ns - range.last_ns;
	for (size_t i = 1; i < walk->segment_count; i++)
		if (starts[i].at_ns && starts[i].at_ns <= range.since_ns)
			walk->segment = i;
	walk->segment = segment_choose(starts, walk->segment_count, walk->segment);
	free(starts);
	return error;
}

static int lines_convert(struct converter *converter, struct line_walk walk, struct diag *diag)
{
	struct trace_read read;
	bool is_read;
	int error;
	for (;;) {
		error = walk_read(&walk, &is_read, &read, diag);
		if (error || !is_read)
			break;
		error = replacements_apply(&converter->replacements, &read);
		if (error) {
			trace_read_clear(&read);
			break;
		}
		convert_take(converter, &read);
		if (converter->error)
			break;
	}
	if (!error && !converter->error)
		convert_cycle(converter);
	if (error || converter->error != -EPROTO)
		return error ? error : converter->error;
	if (walk.segment < walk.segment_count)
		diag_wrap(&converter->diag, -EPROTO, "%s: line %zu",
			walk.segments[walk.segment].name, walk.number);
	return 0;
}

static void converter_clear(struct converter *converter)
{
	for (size_t i = 0; i < converter->group.count; i++)
		trace_read_clear(&converter->group.reads[i]);
	free(converter->group.reads);
	if (converter->has_begun)
		scenario_run_end(&converter->run);
	scenario_clear(&converter->scenario);
	convert_model_clear(&converter->model);
	trace_read_clear(&converter->retained_read);
	convert_text_clear(&converter->written);
	convert_text_clear(&converter->out);
	convert_text_clear(&converter->unit);
	convert_text_clear(&converter->during);
	convert_text_clear(&converter->expected);
	replacements_clear(&converter->replacements);
	diag_clear(&converter->diag);
}

int convert_trace(const struct convert_segment *segments, size_t count, struct convert_range range,
	struct converted *ret, struct diag *diag)
{
	struct converter converter = {.retained = &nothing_retained};
	struct line_walk walk = {.segments = segments, .segment_count = count};
	replacements_init(&converter.replacements);
	int error = walk_begin(&converter, &walk, range, diag);
	if (!error)
		error = lines_convert(&converter, walk, diag);
	bool is_cut = converter.error == -EPROTO;
	converter.error = 0;
	convert_put(&converter.out, &converter, "\n]}\n");
	char *reason = is_cut ? strdup(diag_text(&converter.diag)) : NULL;
	if (!error && (converter.error || (is_cut && !reason)))
		error = -ENOMEM;
	if (!error) {
		*ret = (struct converted){.text = converter.out.text,
			.length = converter.out.length,
			.reason = reason,
			.unit_count = converter.unit_count};
		converter.out = (struct convert_text){0};
	} else {
		free(reason);
	}
	converter_clear(&converter);
	return error == -ENOMEM ? diag_fail_errno(diag, error) : error;
}

void converted_clear(struct converted *converted)
{
	free(converted->text);
	free(converted->reason);
	*converted = (struct converted){0};
}
