/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interface to logging: structured lines, which io/ formats. The caller passes a message of
 * log_message.h with keys and values; the sink adds time, component and interface. Values are never
 * secrets.
 */
#pragma once

#include "log_message.h"

struct log_field {
	const char *key;
	const char *value;
};

struct logger {
	/* `field_count` fields, borrowed for the call. */
	void (*write)(void *sink, enum log_level level, const char *message,
		const struct log_field *fields, unsigned field_count);
	void *sink;
};

/*
 * Write one line. Keys and values follow in pairs, at most eight, terminated by NULL. A pair with a
 * NULL value is omitted:
 *
 *     log_line(logger, LOG_PEER_REMOVED, "peer_id", id, NULL);
 */
void log_line(const struct logger *logger, enum log_message message, ...) __attribute__((sentinel));
