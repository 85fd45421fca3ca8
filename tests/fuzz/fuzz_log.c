/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines: whatever a value contains, a line stays one line on a terminal, of limited length, and
 * is valid JSON in that format.
 */
#include "fuzz.h"
#include "json_scan.h"
#include "log_sink.h"
#include "logger.h"
#include "rune.h"

#include <stdlib.h>
#include <string.h>

static int64_t now_ns(void *impl)
{
	return 0;
}

static void write_line(void *impl, const char *line, size_t length)
{
	const struct log_sink *sink = impl;
	struct json_span span;
	FUZZ_HOLDS(length > 0 && length <= LOG_LINE_MAX && line[length - 1] == '\n');
	FUZZ_HOLDS(rune_shown_length(line) == length - 1);
	if (sink->format == LOG_FORMAT_JSON)
		FUZZ_HOLDS(json_scan_document(line, length, &span, NULL) == 0);
}

void fuzz_one(const char *text, size_t length)
{
	struct fuzz_part rest = {text, length}, first = fuzz_cut(&rest, "--");
	char *message = strndup(first.text, first.length);
	char *value = strndup(rest.text, rest.length);
	for (enum log_format format = LOG_FORMAT_LOGFMT; format <= LOG_FORMAT_JSON; format++) {
		struct log_sink sink = {.format = format,
			.clock = {.now_ns = now_ns},
			.interface = "plexd0",
			.write_line = write_line};
		sink.impl = &sink;
		struct logger logger = log_sink_logger(&sink);
		const struct log_field fields[] = {
			{"peer_id", value}, {"error", message}, {"url", value}};
		logger.write(logger.sink, LOG_LEVEL_INFO, message, fields,
			sizeof fields / sizeof fields[0]);
	}
	free(message);
	free(value);
}
