#include "report_error.h"

#include <stdarg.h>
#include <stdio.h>

void report_error(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	flockfile(stderr);
	fputs("plexwg: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	funlockfile(stderr);
	va_end(args);
}
