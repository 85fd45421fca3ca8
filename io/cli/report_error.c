#include "report_error.h"

#include "log_escape.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Ids of peers stand in errors as they are: no line shall come of what they hold. */
void report_error(const char *format, ...)
{
	char *text = NULL;
	va_list args;
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	flockfile(stderr);
	fputs("plexwg: ", stderr);
	line_print(stderr, text ? text : "out of memory");
	fputc('\n', stderr);
	funlockfile(stderr);
	free(text);
}
