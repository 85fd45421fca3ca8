/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interface to logging: structured lines, which io/ formats. The caller gives a message of
 * log_message.h with keys and values; the sink adds time, component and interface. No value may be
 * a secret.
 */
#pragma once

#include "log_message.h"

struct log_field {
	const char *key;
	const char *value;
};

struct logger {
	/* `field_count` fields; what they point to lives for the call only. */
	void (*write)(void *sink, enum log_level level, const char *message,
		const struct log_field *fields, unsigned field_count);
	void *sink;
};

/*
 * Write one line. Key and value strings follow in pairs, at most eight, ended by NULL; a pair with
 * a NULL value is omitted:
 *
 *     log_line(logger, LOG_PEER_REMOVED, "peer_id", id, NULL);
 */
void log_line(const struct logger *logger, enum log_message message, ...) __attribute__((sentinel));
