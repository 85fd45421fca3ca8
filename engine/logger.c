/* SPDX-License-Identifier: Apache-2.0 */
#include "logger.h"

#include <stdarg.h>
#include <stddef.h>

#define LOG_FIELDS_MAX 8

void log_line(const struct logger *logger, enum log_message message, ...)
{
	struct log_field fields[LOG_FIELDS_MAX];
	unsigned count = 0;
	va_list args;
	va_start(args, message);
	const char *key;
	while (count < LOG_FIELDS_MAX && (key = va_arg(args, const char *)) != NULL) {
		const char *value = va_arg(args, const char *);
		if (value)
			fields[count++] = (struct log_field){key, value};
	}
	va_end(args);
	const struct log_message_row *row = &log_messages[message];
	logger->write(logger->sink, row->level, row->text, fields, count);
}
