/* SPDX-License-Identifier: Apache-2.0 */
#include "text_list.h"

#include "array.h"
#include "log_escape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int text_list_add(struct text_list *list, const char *text, size_t length)
{
	char **texts = array_grow(list->texts, list->count, &list->capacity, sizeof *texts);
	if (!texts)
		return -ENOMEM;
	list->texts = texts;
	char *copy = strndup(text, length);
	if (!copy)
		return -ENOMEM;
	list->texts[list->count++] = copy;
	return 0;
}

void text_list_clear(struct text_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->texts[i]);
	free(list->texts);
	*list = (struct text_list){0};
}

void text_write(FILE *out, const char *text)
{
	fputc('"', out);
	while (*text) {
		struct log_escape unit = log_escape_next(&text, true);
		fwrite(unit.text, 1, unit.length, out);
	}
	fputc('"', out);
}

void texts_write(FILE *out, const char *const *texts, size_t count)
{
	fputc('[', out);
	for (size_t i = 0; i < count; i++) {
		fputs(i > 0 ? ", " : "", out);
		text_write(out, texts[i]);
	}
	fputc(']', out);
}
