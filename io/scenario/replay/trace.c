/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include "text_list.h"
#include "timestamp.h"

#include <stdarg.h>

static void write_member(FILE *out, const char *name, const char *text)
{
	text_write(out, name);
	fputc(':', out);
	text_write(out, text);
}

void trace_line(const struct trace *trace, int64_t now_ns, const char *step, const char *type, ...)
{
	const char *name;
	va_list pairs;
	if (!trace->out)
		return;
	fputc('{', trace->out);
	write_member(trace->out, "scenario", trace->scenario);
	fputc(',', trace->out);
	write_member(trace->out, "time", timestamp_format(now_ns).text);
	fputc(',', trace->out);
	write_member(trace->out, "step", step);
	fputc(',', trace->out);
	write_member(trace->out, "type", type);
	va_start(pairs, type);
	while ((name = va_arg(pairs, const char *))) {
		const char *text = va_arg(pairs, const char *);
		if (!text)
			continue;
		fputc(',', trace->out);
		write_member(trace->out, name, text);
	}
	va_end(pairs);
	fputs("}\n", trace->out);
}
