/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keep the log readable whatever arrives from outside: pass a limited number of lines of each
 * message a minute, then log one line with the number of those omitted. DEBUG lines always pass.
 */
#pragma once

#include "logger.h"
#include "loop.h"

#include <stddef.h>

#define LOG_LIMITER_LINES_MAX 20
/* More than there are messages. Lines of further messages would pass. */
#define LOG_LIMITER_MESSAGES_MAX 64

struct log_limit {
	const char *message;  /* borrowed: messages are literals */
	enum log_level level; /* the highest of its lines that were omitted */
	size_t line_count;
};

/* Members are private. */
struct log_limiter {
	struct logger logger;
	struct loop *loop;
	struct log_limit limits[LOG_LIMITER_MESSAGES_MAX]; /* of this minute */
	size_t limit_count;
	int64_t began_ms;
	struct loop_timer timer; /* set when a line was omitted */
};

/* Write to `logger`. */
void log_limiter_init(struct log_limiter *limiter, const struct logger *logger, struct loop *loop);
/* Log what was omitted. */
void log_limiter_deinit(struct log_limiter *limiter);
/* Return the logger to use instead; it borrows `limiter`. */
struct logger log_limiter_logger(struct log_limiter *limiter);
