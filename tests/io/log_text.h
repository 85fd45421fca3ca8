/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines outside of the table of messages, for tests of code that writes lines. */
#pragma once

#include "logger.h"

#include <stdarg.h>
#include <stddef.h>

/* As log_line, of any level and text. */
__attribute__((sentinel)) static inline void log_text(
	const struct logger *logger, enum log_level level, const char *text, ...)
{
	struct log_field fields[8];
	unsigned count = 0;
	const char *key;
	va_list args;
	va_start(args, text);
	while ((key = va_arg(args, const char *)) != NULL)
		fields[count++] = (struct log_field){key, va_arg(args, const char *)};
	va_end(args);
	logger->write(logger->sink, level, text, fields, count);
}
