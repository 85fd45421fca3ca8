/* SPDX-License-Identifier: Apache-2.0 */
#include "http_response.h"

#include <string.h>
#include <strings.h>

static struct http_field *field_find(
	struct http_response *response, const char *name, size_t length)
{
	struct {
		const char *name;
		struct http_field *field;
	} fields[] = {
		{"content-type", &response->content_type},
		{"content-encoding", &response->content_encoding},
		{"date", &response->date},
		{"age", &response->age},
		{"etag", &response->etag},
		{"retry-after", &response->retry_after},
	};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (strlen(fields[i].name) == length &&
			strncasecmp(fields[i].name, name, length) == 0)
			return fields[i].field;
	return NULL;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void field_set(struct http_field *field, const char *value, size_t length)
{
	field->text[0] = '\0';
	if (length > HTTP_FIELD_MAX)
		return;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)value[i] < ' ' || value[i] == 0x7f)
			return;
	memcpy(field->text, value, length);
	field->text[length] = '\0';
}

void http_response_take_line(struct http_response *response, const char *line, size_t length)
{
	if (length >= 5 && memcmp(line, "HTTP/", 5) == 0) {
		*response = (struct http_response){0};
		return;
	}
	const char *colon = memchr(line, ':', length);
	if (!colon)
		return;
	struct http_field *field = field_find(response, line, (size_t)(colon - line));
	if (!field)
		return;
	const char *value = colon + 1, *end = line + length;
	while (value < end && is_blank(*value))
		value++;
	while (end > value && is_blank(end[-1]))
		end--;
	field_set(field, value, (size_t)(end - value));
}

bool http_line_is_empty(const char *line, size_t length)
{
	return (length == 1 && line[0] == '\n') || (length == 2 && memcmp(line, "\r\n", 2) == 0);
}

bool http_response_has_type(const struct http_response *response, const char *type)
{
	const char *text = response->content_type.text;
	size_t length = strcspn(text, "; \t");
	return length == strlen(type) && strncasecmp(text, type, length) == 0;
}
