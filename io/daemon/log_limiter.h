/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log that stays readable whatever others send: so many lines of each message a minute, then one
 * with the number of those left out. DEBUG lines pass: whoever asks for them wants them all.
 */
#pragma once

#include "logger.h"
#include "loop.h"

#include <stddef.h>

#define LOG_LIMITER_LINES_MAX 20
/* More messages than there are; what does not fit in passes. */
#define LOG_LIMITER_MESSAGES_MAX 64

struct log_limit {
	const char *message; /* borrowed: messages are literals */
	size_t line_count;
};

/* Members are its own. */
struct log_limiter {
	struct logger logger;
	struct loop *loop;
	struct log_limit limits[LOG_LIMITER_MESSAGES_MAX]; /* of this minute */
	size_t limit_count;
	int64_t began_ms;
	struct loop_timer timer; /* set when a line was left out */
};

/* Writes to `logger`. */
void log_limiter_init(struct log_limiter *limiter, const struct logger *logger, struct loop *loop);
/* Tells what was left out. */
void log_limiter_deinit(struct log_limiter *limiter);
/* What to log to. */
struct logger log_limiter_logger(struct log_limiter *limiter);
