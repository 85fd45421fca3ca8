/* SPDX-License-Identifier: Apache-2.0 */
#include "convert_parts.h"

#include "diag.h"
#include "errno_name.h"
#include "json_scan.h"
#include "peer_text.h"
#include "scenario_read_step.h"
#include "timestamp.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The wall clock of the replay may be off by less than this. */
#define CLOCK_TOLERANCE_NS (500 * NS_PER_MS)

void convert_text_clear(struct convert_text *text)
{
	free(text->text);
	*text = (struct convert_text){0};
}

static void text_append(
	struct convert_text *text, struct converter *converter, const char *bytes, size_t length)
{
	size_t needed = text->length + length + 1;
	if (needed > text->capacity) {
		char *larger = realloc(text->text, needed * 2);
		if (!larger) {
			convert_fail_memory(converter);
			return;
		}
		text->text = larger;
		text->capacity = needed * 2;
	}
	memcpy(text->text + text->length, bytes, length);
	text->length += length;
	text->text[text->length] = '\0';
}

/* Return the text, or NULL when out of memory. The caller frees it. */
static char *text_format(struct converter *converter, const char *format, va_list args)
{
	char *text = NULL;
	if (vasprintf(&text, format, args) >= 0)
		return text;
	convert_fail_memory(converter);
	return NULL;
}

void convert_put(struct convert_text *text, struct converter *converter, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *formatted = text_format(converter, format, args);
	va_end(args);
	if (formatted)
		text_append(text, converter, formatted, strlen(formatted));
	free(formatted);
}

char *convert_peer_text(const struct peer_config *peer)
{
	struct canonical_writer writer = {0};
	peer_text_put(&writer, peer);
	char *text = calloc(1, writer.length + 1);
	if (!text)
		return NULL;
	writer = (struct canonical_writer){.out = text};
	peer_text_put(&writer, peer);
	return text;
}

void convert_signing_keys(
	struct convert_text *text, struct converter *converter, const struct signing_keys *keys)
{
	convert_put(text, converter, "{\"current\":\"%s\"", key_public_format(&keys->current).text);
	if (keys->has_previous)
		convert_put(text, converter, ",\"previous\":\"%s\",\"transition_expires\":\"%s\"",
			key_public_format(&keys->previous).text,
			timestamp_format(keys->transition_expires_ns).text);
	convert_put(text, converter, "}");
}

void convert_fail(struct converter *converter, const char *reason)
{
	if (!converter->error)
		converter->error = diag_fail(&converter->diag, -EPROTO, "%s", reason);
}

void convert_fail_memory(struct converter *converter)
{
	converter->error = -ENOMEM;
}

/* Run a step, as the replay of the scenario will. */
static void step_run(struct converter *converter, const char *text)
{
	struct scenario_run *run = &converter->run;
	struct scenario scenario = {0};
	struct json_reading reading = {.arena = &scenario.arena, .diag = &converter->diag};
	struct json_span span;
	enum run_outcome outcome = RUN_OUT_OF_MEMORY;
	int error = json_scan_document(text, strlen(text), &span, &converter->diag);
	if (!error)
		error = scenario_steps_read(&reading, span, &scenario);
	if (!error)
		outcome = run_steps(run, scenario.steps, scenario.step_count, &converter->diag);
	else if (error != -ENOMEM)
		outcome = RUN_FAILS;
	if (outcome != RUN_HOLDS)
		converter->error = outcome == RUN_FAILS ? -EPROTO : -ENOMEM;
	/* A restart makes another one. */
	run->process.manager.controller.ops = &converter->ops;
	scenario_clear(&scenario);
}

void convert_step(struct converter *converter, const char *format, ...)
{
	struct convert_text step = {0};
	va_list args;
	va_start(args, format);
	char *text = text_format(converter, format, args);
	va_end(args);
	if (!text)
		return;
	converter->step_count++;
	convert_put(&step, converter, "[%s]", text);
	if (!converter->error)
		step_run(converter, step.text);
	convert_text_clear(&step);
	/* After the steps that running it has written. */
	convert_put(converter->is_fetching ? &converter->during : &converter->unit, converter,
		"%s,\n", text);
	free(text);
}

void convert_time(struct converter *converter, struct moment at)
{
	const struct moment *now = &converter->run.now;
	int64_t start_ns = converter->scenario.start_ns;
	int64_t ahead_ms =
		((at.boot_ns - converter->base.boot_ns) - (now->boot_ns - start_ns)) / NS_PER_MS;
	if (!converter->is_fetching && ahead_ms > 0)
		convert_step(
			converter, "{\"do\":\"advance\",\"by\":\"%lldms\"}", (long long)ahead_ms);
	int64_t off_ns = at.wall_ns - now->wall_ns;
	if (off_ns > -CLOCK_TOLERANCE_NS && off_ns < CLOCK_TOLERANCE_NS)
		return;
	convert_step(converter, "{\"do\":\"world\",\"set_clock\":\"%s\"}",
		timestamp_format(at.wall_ns - at.wall_ns % NS_PER_MS).text);
}

/* An operation as `expect` has it; key NULL and argument "" for none. */
static void op_expect(struct converter *converter, const char *name, const struct key_public *key,
	const char *argument, int error)
{
	const char *separator = key || *argument ? " " : "";
	convert_put(&converter->expected, converter, "\"%s %s%s%s%s%s%s\",", name,
		converter->scenario.config.interface_name, separator,
		key ? key_public_format(key).text : "", argument, error ? " !" : "",
		error ? errno_name(error) : "");
	if (!error)
		return;
	if (key)
		convert_step(converter,
			"{\"do\":\"fail\",\"op\":\"%s\",\"error\":\"%s\",\"public_key\":\"%s\"}",
			name, errno_name(error), key_public_format(key).text);
	else
		convert_step(converter, "{\"do\":\"fail\",\"op\":\"%s\",\"error\":\"%s\"}", name,
			errno_name(error));
}

/* The argument of a call, in the text of an operation. */
static void call_argument(
	const struct converter *converter, enum interface_call kind, char *ret, size_t size)
{
	const struct interface_config *config = &converter->scenario.config;
	struct prefix address = prefix_of_host(&converter->scenario.identity.mesh_ip);
	*ret = '\0';
	if (kind == INTERFACE_CALL_CREATE_INTERFACE)
		snprintf(ret, size, "%d", config->listen_port);
	else if (kind == INTERFACE_CALL_SET_MTU)
		snprintf(ret, size, "%d", config->mtu);
	else if (kind == INTERFACE_CALL_CONFIGURE_ADDRESS)
		snprintf(ret, size, "%s", prefix_format(&address).text);
}

void convert_faults(struct converter *converter, const struct trace_line *line)
{
	for (size_t i = 0; i < line->call_count; i++) {
		const struct trace_call *call = &line->calls[i];
		char argument[PREFIX_TEXT_SIZE];
		int error = call->error;
		/* The replay sets no mark. Where that failed, the creation fails. */
		if (call->call == INTERFACE_CALL_SET_FWMARK)
			continue;
		if (!error && i + 1 < line->call_count && call[1].call == INTERFACE_CALL_SET_FWMARK)
			error = call[1].error;
		call_argument(converter, call->call, argument, sizeof argument);
		op_expect(converter, interface_call_name(call->call), NULL, argument, error);
	}
	for (size_t i = 0; i < line->op_count; i++) {
		const struct trace_op *op = &line->ops[i];
		if (op->error != -ECANCELED)
			op_expect(converter,
				op->kind == PEER_OP_REMOVE ? "remove_peer" : "add_peer",
				&op->public_key, "", op->error);
	}
}

static void comma_remove(struct convert_text *text, size_t length)
{
	if (text->length >= length)
		text->text[text->length -= length] = '\0';
}

void convert_unit_end(struct converter *converter)
{
	comma_remove(&converter->expected, 1);
	convert_step(converter, "{\"do\":\"expect\",\"ops\":[%s]}",
		converter->expected.length ? converter->expected.text : "");
	comma_remove(&converter->unit, 2);
	if (!converter->error) {
		convert_put(&converter->out, converter, "%s\n%s", converter->unit_count ? "," : "",
			converter->unit.text);
		converter->unit_count++;
	}
	convert_text_clear(&converter->unit);
	convert_text_clear(&converter->expected);
}
