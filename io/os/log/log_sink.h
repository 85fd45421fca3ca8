/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Format log lines as Go's slog does: logfmt
 *
 *     time=2026-03-01T12:00:00.000Z level=INFO msg="Interface configured" component=wireguard
 *     interface=plexd0 listen_port=51820
 *
 * (on one line), or one JSON object a line with the same members. The sink adds time, component and
 * interface, and drops an `interface` field of the line itself as a repeat. A line has at most
 * LOG_LINE_MAX bytes: a longer one is cut so that it stays well-formed, and ends in `cut=true`.
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
	const char *interface; /* borrowed; NULL: no interface field */
	/* Called once for each line, which ends in a line feed. */
	void (*write_line)(void *impl, const char *line, size_t length);
	void *impl;
};

/* Return a logger that writes to `sink`, which it borrows. */
struct logger log_sink_logger(struct log_sink *sink);

/* A `write_line` for a FILE as `impl`: write the line and flush. */
void log_write_file(void *file, const char *line, size_t length);

/* debug, info, warn or error, in upper or lower case. Otherwise return false and leave `*ret`. */
bool log_level_parse(const char *text, enum log_level *ret);
/* logfmt or json. Otherwise return false and leave `*ret`. */
bool log_format_parse(const char *text, enum log_format *ret);
