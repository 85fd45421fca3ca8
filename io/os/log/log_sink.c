/* SPDX-License-Identifier: Apache-2.0 */
#include "log_sink.h"

#include "log_escape.h"
#include "timestamp.h"

#include <string.h>
#include <strings.h>

static const char *const level_names[] = {
	[LOG_LEVEL_DEBUG] = "DEBUG",
	[LOG_LEVEL_INFO] = "INFO",
	[LOG_LEVEL_WARN] = "WARN",
	[LOG_LEVEL_ERROR] = "ERROR",
};

bool log_level_parse(const char *text, enum log_level *ret)
{
	for (size_t i = 0; i < sizeof level_names / sizeof *level_names; i++) {
		if (strcasecmp(text, level_names[i]) == 0) {
			*ret = (enum log_level)i;
			return true;
		}
	}
	return false;
}

bool log_format_parse(const char *text, enum log_format *ret)
{
	if (strcmp(text, "logfmt") == 0)
		*ret = LOG_FORMAT_LOGFMT;
	else if (strcmp(text, "json") == 0)
		*ret = LOG_FORMAT_JSON;
	else
		return false;
	return true;
}

/* The tail of a cut line has room of its own. */
#define TAIL_MAX 16
#define BODY_MAX (LOG_LINE_MAX - TAIL_MAX)

struct line {
	char text[LOG_LINE_MAX];
	size_t length;
	unsigned field_count;
	bool is_json;
	bool cut;
};

/* Append all of the text or nothing. */
static bool line_put(struct line *line, const char *text, size_t length)
{
	if (line->cut || line->length + length > BODY_MAX) {
		line->cut = true;
		return false;
	}
	memcpy(line->text + line->length, text, length);
	line->length += length;
	return true;
}

/* A value that does not fit is cut between two characters; TAIL_MAX has room for its closing
 * quote. */
static void put_value(struct line *line, const char *value)
{
	bool quoted = line->is_json || log_needs_quotes(value);
	const char *at = value;
	if (quoted && !line_put(line, "\"", 1))
		return;
	while (*at) {
		struct log_escape unit =
			quoted ? log_escape_next(&at, line->is_json) : log_escape_plain(&at);
		if (!line_put(line, unit.text, unit.length))
			break;
	}
	if (quoted)
		line->text[line->length++] = '"';
}

static void put_field(struct line *line, const char *key, const char *value)
{
	size_t start = line->length;
	bool fits = line->field_count == 0 || line_put(line, line->is_json ? "," : " ", 1);
	if (line->is_json)
		fits = fits && line_put(line, "\"", 1) && line_put(line, key, strlen(key)) &&
		       line_put(line, "\":", 2);
	else
		fits = fits && line_put(line, key, strlen(key)) && line_put(line, "=", 1);
	/* A value needs room for at least its opening quote and a character. */
	if (!fits || line->length + 2 > BODY_MAX) {
		line->cut = true;
		line->length = start;
		return;
	}
	put_value(line, value);
	line->field_count++;
}

static void put_tail(struct line *line)
{
	const char *tail = line->is_json ? (line->cut ? ",\"cut\":true}\n" : "}\n")
					 : (line->cut ? " cut=true\n" : "\n");
	memcpy(line->text + line->length, tail, strlen(tail));
	line->length += strlen(tail);
}

/* RFC 3339 with exactly three digits of milliseconds. */
static struct timestamp_text format_time(int64_t now_ns)
{
	int64_t ms = now_ns / NS_PER_MS - (now_ns % NS_PER_MS < 0);
	int64_t s = ms / 1000 - (ms % 1000 < 0);
	struct timestamp_text text = timestamp_format(s * NS_PER_S);
	size_t end = strlen(text.text) - 1;
	snprintf(text.text + end, sizeof text.text - end, ".%03dZ", (int)(ms - s * 1000));
	return text;
}

static void log_sink_write(void *impl, enum log_level level, const char *message,
	const struct log_field *fields, unsigned field_count)
{
	const struct log_sink *sink = impl;
	struct line line = {.is_json = sink->format == LOG_FORMAT_JSON};
	if (level < sink->minimum)
		return;
	if (line.is_json)
		line.text[line.length++] = '{';
	put_field(&line, "time", format_time(sink->clock.now_ns(sink->clock.impl)).text);
	put_field(&line, "level", level_names[level]);
	put_field(&line, "msg", message);
	put_field(&line, "component", "wireguard");
	if (sink->interface)
		put_field(&line, "interface", sink->interface);
	for (unsigned i = 0; i < field_count; i++) {
		if (!sink->interface || strcmp(fields[i].key, "interface") != 0)
			put_field(&line, fields[i].key, fields[i].value);
	}
	put_tail(&line);
	sink->write_line(sink->impl, line.text, line.length);
}

struct logger log_sink_logger(struct log_sink *sink)
{
	return (struct logger){.write = log_sink_write, .sink = sink};
}

void log_write_file(void *file, const char *line, size_t length)
{
	fwrite(line, 1, length, file);
	fflush(file);
}
