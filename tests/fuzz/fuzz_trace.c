/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line of a trace. What was read can be written, and is then read as the same.
 */
#include "fuzz.h"
#include "trace_line.h"

#include <stdlib.h>
#include <string.h>

static const struct trace_secret secret = {{7}};

static char *trace_rewrite(struct trace_read *read, size_t *ret_length)
{
	struct trace_put_context context = {.secret = &secret};
	struct canonical_writer writer = {0};
	trace_line_put(&writer, &read->line, &context);
	char *text = malloc(writer.length);
	if (!text)
		abort();
	writer = (struct canonical_writer){.out = text};
	trace_line_put(&writer, &read->line, &context);
	*ret_length = writer.length - 1;
	return text;
}

void fuzz_one(const char *text, size_t length)
{
	struct trace_read read, again;
	size_t once_length, twice_length;
	if (trace_line_read(text, length, &read, NULL) != 0)
		return;
	char *once = trace_rewrite(&read, &once_length);
	FUZZ_HOLDS(memchr(once, '\n', once_length) == NULL);
	FUZZ_HOLDS(trace_line_read(once, once_length, &again, NULL) == 0);
	char *twice = trace_rewrite(&again, &twice_length);
	/* A preshared key is replaced by its digest each time, which is as long. */
	FUZZ_HOLDS(once_length == twice_length);
	free(once);
	free(twice);
	trace_read_clear(&read);
	trace_read_clear(&again);
}
