/* SPDX-License-Identifier: Apache-2.0 */
#include "log_limiter.h"

#include <stdio.h>
#include <string.h>

#define MINUTE_MS INT64_C(60000)

/* A logger whose lines all have one level. */
struct leveled {
	const struct logger *logger;
	enum log_level level;
};

static void leveled_write(void *sink, enum log_level level, const char *message,
	const struct log_field *fields, unsigned field_count)
{
	const struct leveled *leveled = sink;
	leveled->logger->write(leveled->logger->sink, leveled->level, message, fields, field_count);
}

/* At the level of the omitted lines, so that it is shown where these are. */
static void omitted_log(const struct logger *logger, const struct log_limit *limit)
{
	char count[24];
	if (limit->line_count <= LOG_LIMITER_LINES_MAX)
		return;
	snprintf(count, sizeof count, "%zu", limit->line_count - LOG_LIMITER_LINES_MAX);
	struct leveled leveled = {logger, limit->level};
	struct logger at_level = {.write = leveled_write, .sink = &leveled};
	log_line(&at_level, LOG_LINES_OMITTED, "message", limit->message, "count", count, NULL);
}

static void minute_end(void *impl)
{
	struct log_limiter *limiter = impl;
	for (size_t i = 0; i < limiter->limit_count; i++)
		omitted_log(&limiter->logger, &limiter->limits[i]);
	limiter->limit_count = 0;
	limiter->began_ms = loop_now_ms();
	loop_timer_cancel(limiter->loop, &limiter->timer);
}

/* Return the limit of `message`, adding it if it is new; NULL: there is no room for it. */
static struct log_limit *limit_find(struct log_limiter *limiter, const char *message)
{
	size_t i = 0;
	while (i < limiter->limit_count && strcmp(limiter->limits[i].message, message) != 0)
		i++;
	if (i == LOG_LIMITER_MESSAGES_MAX)
		return NULL;
	if (i == limiter->limit_count)
		limiter->limits[limiter->limit_count++] = (struct log_limit){.message = message};
	return &limiter->limits[i];
}

/* Count a line. Return whether it is within the limit. */
static bool line_admit(struct log_limiter *limiter, enum log_level level, const char *message)
{
	int64_t now_ms = loop_now_ms();
	if (now_ms - limiter->began_ms >= MINUTE_MS)
		minute_end(limiter);
	struct log_limit *limit = limit_find(limiter, message);
	if (!limit || ++limit->line_count <= LOG_LIMITER_LINES_MAX)
		return true;
	if (limit->level < level)
		limit->level = level;
	if (!limiter->timer.is_set)
		loop_timer_set(limiter->loop, &limiter->timer,
			limiter->began_ms + MINUTE_MS - now_ms, minute_end, limiter);
	return false;
}

static void limiter_write(void *sink, enum log_level level, const char *message,
	const struct log_field *fields, unsigned field_count)
{
	struct log_limiter *limiter = sink;
	if (level == LOG_LEVEL_DEBUG || line_admit(limiter, level, message))
		limiter->logger.write(limiter->logger.sink, level, message, fields, field_count);
}

void log_limiter_init(struct log_limiter *limiter, const struct logger *logger, struct loop *loop)
{
	*limiter = (struct log_limiter){.logger = *logger, .loop = loop, .began_ms = loop_now_ms()};
}

void log_limiter_deinit(struct log_limiter *limiter)
{
	minute_end(limiter);
}

struct logger log_limiter_logger(struct log_limiter *limiter)
{
	return (struct logger){.write = limiter_write, .sink = limiter};
}
