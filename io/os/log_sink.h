/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Formats log lines, in the manner of Go's slog: logfmt
 *
 *     time=2026-03-01T12:00:00.000Z level=INFO msg="Interface configured" component=wireguard
 *     interface=plexd0 listen_port=51820
 *
 * (on one line) or the same members as one JSON object a line. Time, component and interface come
 * from the sink; an `interface` field of the line itself is left out as a repeat. A line has at
 * most LOG_LINE_MAX bytes: one that would be longer stays well-formed, is cut and ends in
 * `cut=true`.
 */
#pragma once

#include "clock.h"
#include "logger.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define LOG_LINE_MAX 8192

enum log_format {
	LOG_FORMAT_LOGFMT,
	LOG_FORMAT_JSON,
};

struct log_sink {
	enum log_format format;
	enum log_level minimum; /* lines below it are dropped */
	struct clock clock;
	const char *interface; /* borrowed; NULL: none is named */
	/* Gets a whole line with its line feed; called once a line. */
	void (*write_line)(void *impl, const char *line, size_t length);
	void *impl;
};

/* Borrows `sink`. */
struct logger log_sink_logger(struct log_sink *sink);

/* A `write_line` for a FILE as `impl`: one write a line, flushed. */
void log_write_file(void *file, const char *line, size_t length);

/* False, and `*ret` as before, if the text is none of debug, info, warn, error (in any case). */
bool log_level_parse(const char *text, enum log_level *ret);
/* False if the text is neither logfmt nor json. */
bool log_format_parse(const char *text, enum log_format *ret);
