/* SPDX-License-Identifier: Apache-2.0 */
#include "report_error.h"

#include "log_escape.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void report_error_start(void)
{
	setvbuf(stderr, NULL, _IOFBF, BUFSIZ);
}

/* Errors quote ids of peers unescaped: line_print escapes line ends in them. */
static void error_line_write(const char *format, va_list args)
{
	char *text = NULL;
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	fflush(stdout);
	flockfile(stderr);
	fputs("plexwg: ", stderr);
	line_print(stderr, text ? text : "out of memory");
	fputc('\n', stderr);
	funlockfile(stderr);
	free(text);
}

void report_error_line(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	error_line_write(format, args);
	va_end(args);
}

void report_error(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	error_line_write(format, args);
	va_end(args);
	fflush(stderr);
}
