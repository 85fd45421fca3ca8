/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seam to logging: structured lines, which io/ formats. The engine says what happened, with
 * keys and values; the sink adds time, component and interface. No value may be a secret.
 */
#pragma once

enum log_level {
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_INFO,
	LOG_LEVEL_WARN,
	LOG_LEVEL_ERROR,
};

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
 * One line. Key and value strings follow in pairs, at most eight, ended by NULL; a pair with a
 * NULL value is left out:
 *
 *     log_line(logger, LOG_LEVEL_INFO, "peer removed", "peer_id", id, NULL);
 */
void log_line(const struct logger *logger, enum log_level level, const char *message, ...)
	__attribute__((sentinel));
