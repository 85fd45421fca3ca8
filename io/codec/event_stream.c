/* SPDX-License-Identifier: Apache-2.0 */
#include "event_stream.h"

#include "secret_memory.h"

#include <errno.h>
#include <string.h>

/* The place of the next byte within its line. */
enum place {
	PLACE_NAME,
	PLACE_VALUE_START, /* one space here is skipped */
	PLACE_VALUE,
};

enum field {
	FIELD_UNKNOWN, /* includes comments, whose name is empty */
	FIELD_DATA,
	FIELD_EVENT,
	FIELD_ID,
	FIELD_RETRY,
};

static const char byte_order_mark[] = {'\xef', '\xbb', '\xbf'};

void event_stream_init(struct event_stream *stream, size_t size_max,
	const struct event_stream_callbacks *callbacks)
{
	*stream = (struct event_stream){
		.callbacks = *callbacks,
		.size_max = size_max,
		.at_start = true,
	};
}

void event_stream_deinit(struct event_stream *stream)
{
	secret_free(stream->data, stream->data_capacity);
	*stream = (struct event_stream){0};
}

static enum field field_of(const struct event_stream *stream)
{
	static const struct {
		const char *name;
		enum field field;
	} fields[] = {
		{"data", FIELD_DATA},
		{"event", FIELD_EVENT},
		{"id", FIELD_ID},
		{"retry", FIELD_RETRY},
	};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (strlen(fields[i].name) == stream->name_length &&
			memcmp(fields[i].name, stream->name, stream->name_length) == 0)
			return fields[i].field;
	return FIELD_UNKNOWN;
}

static int data_grow(struct event_stream *stream, size_t length)
{
	size_t capacity = stream->data_capacity ? stream->data_capacity : 4096;
	while (capacity < length)
		capacity *= 2;
	char *data =
		secret_grow(stream->data, stream->data_capacity, stream->data_length, capacity);
	if (!data)
		return -ENOMEM;
	stream->data = data;
	stream->data_capacity = capacity;
	return 0;
}

static void event_drop(struct event_stream *stream)
{
	if (stream->data)
		explicit_bzero(stream->data, stream->data_length);
	stream->is_dropped = true;
	stream->data_length = 0;
}

/* The limit has room for the last line feed, which is removed at the end of the event. */
static int data_append(struct event_stream *stream, const char *bytes, size_t length)
{
	if (stream->is_dropped)
		return 0;
	if (length > stream->size_max + 1 - stream->data_length) {
		event_drop(stream);
		return 0;
	}
	if (stream->data_length + length > stream->data_capacity &&
		data_grow(stream, stream->data_length + length) != 0)
		return -ENOMEM;
	memcpy(stream->data + stream->data_length, bytes, length);
	stream->data_length += length;
	return 0;
}

static void value_append(struct event_stream *stream, const char *bytes, size_t length)
{
	struct stream_field *value = &stream->value;
	if (length > STREAM_FIELD_MAX - value->length) {
		event_drop(stream);
		stream->value_is_over = true;
	}
	if (stream->value_is_over)
		return;
	memcpy(value->text + value->length, bytes, length);
	value->length += length;
}

static int line_value(struct event_stream *stream, const char *bytes, size_t length)
{
	enum field field = field_of(stream);
	if (field == FIELD_DATA)
		return data_append(stream, bytes, length);
	if (field != FIELD_UNKNOWN)
		value_append(stream, bytes, length);
	return 0;
}

static void use_retry(const struct event_stream *stream)
{
	const struct stream_field *value = &stream->value;
	uint64_t retry_ms = 0;
	for (size_t i = 0; i < value->length; i++) {
		if (value->text[i] < '0' || value->text[i] > '9')
			return;
		if (retry_ms > (UINT64_MAX - 9) / 10)
			retry_ms = UINT64_MAX;
		else
			retry_ms = retry_ms * 10 + (uint64_t)(value->text[i] - '0');
	}
	if (value->length && stream->callbacks.on_retry)
		stream->callbacks.on_retry(stream->callbacks.impl, retry_ms);
}

static struct stream_text field_text(const struct stream_field *field)
{
	return (struct stream_text){.text = field->text, .length = field->length};
}

static void event_dispatch_to(struct event_stream *stream)
{
	const struct event_stream_callbacks *callbacks = &stream->callbacks;
	struct stream_event event = {
		.is_dropped = stream->is_dropped,
		.has_id = stream->has_id,
		.last_id = field_text(&stream->last_id),
	};
	if (stream->is_dropped) {
		callbacks->on_event(callbacks->impl, &event);
	} else if (stream->data_length) {
		event.data = (struct stream_text){
			.text = stream->data, .length = stream->data_length - 1};
		event.type = field_text(&stream->type);
		callbacks->on_event(callbacks->impl, &event);
	} else if (stream->has_id && callbacks->on_id) {
		callbacks->on_id(callbacks->impl, event.last_id);
	}
	if (stream->data)
		explicit_bzero(stream->data, stream->data_length);
	stream->block_length = 0;
	stream->data_length = 0;
	stream->type.length = 0;
	stream->has_id = false;
	stream->is_dropped = false;
}

static int line_use(struct event_stream *stream)
{
	if (stream->value_is_over)
		return 0;
	switch (field_of(stream)) {
	case FIELD_DATA:
		return data_append(stream, "\n", 1);
	case FIELD_EVENT:
		stream->type = stream->value;
		return 0;
	case FIELD_ID:
		if (memchr(stream->value.text, '\0', stream->value.length))
			return 0;
		stream->last_id = stream->value;
		stream->has_id = true;
		return 0;
	case FIELD_RETRY:
		use_retry(stream);
		return 0;
	case FIELD_UNKNOWN:
		return 0;
	}
	return 0;
}

static int line_end(struct event_stream *stream)
{
	int error = 0;
	stream->block_length++;
	if (stream->place == PLACE_NAME && stream->name_length == 0)
		event_dispatch_to(stream);
	else
		error = line_use(stream);
	stream->place = PLACE_NAME;
	stream->name_length = 0;
	stream->value.length = 0;
	stream->value_is_over = false;
	return error;
}

static void name_append(struct event_stream *stream, char c)
{
	/* A name longer than any known one is unknown; the rest of it does not matter. */
	if (stream->name_length < sizeof stream->name)
		stream->name[stream->name_length++] = c;
}

/* Push a piece of one line, without its end. */
static int line_push(struct event_stream *stream, const char *next, const char *end)
{
	stream->block_length += (size_t)(end - next);
	if (stream->block_length / STREAM_ENDLESS_FACTOR > stream->size_max)
		return -EMSGSIZE;
	while (next < end && stream->place == PLACE_NAME) {
		/* NOLINTNEXTLINE(clang-analyzer-core.*): a byte of the caller's */
		if (*next == ':')
			stream->place = PLACE_VALUE_START;
		else
			name_append(stream, *next);
		next++;
	}
	if (next < end && stream->place == PLACE_VALUE_START) {
		stream->place = PLACE_VALUE;
		if (*next == ' ')
			next++;
	}
	return next < end ? line_value(stream, next, (size_t)(end - next)) : 0;
}

static const char *line_end_find(const char *next, const char *end)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.*): as above */
	while (next < end && *next != '\n' && *next != '\r')
		next++;
	return next;
}

static int lines_push(struct event_stream *stream, const char *next, const char *end)
{
	if (next < end && stream->after_return) {
		stream->after_return = false;
		if (*next == '\n')
			next++;
	}
	while (next < end) {
		const char *stop = line_end_find(next, end);
		int error = line_push(stream, next, stop);
		if (error)
			return error;
		if (stop == end)
			return 0;
		error = line_end(stream);
		if (error)
			return error;
		next = stop + 1;
		if (*stop == '\r') {
			if (next < end && *next == '\n')
				next++;
			else
				stream->after_return = next == end;
		}
	}
	return 0;
}

int event_stream_push(struct event_stream *stream, const char *bytes, size_t length)
{
	const char *next = bytes, *end = bytes + length;
	while (next < end && stream->at_start) {
		if (*next != byte_order_mark[stream->mark_length]) {
			stream->at_start = false;
			int error = lines_push(
				stream, byte_order_mark, byte_order_mark + stream->mark_length);
			if (error)
				return error;
			break;
		}
		next++;
		stream->at_start = ++stream->mark_length < sizeof byte_order_mark;
	}
	return stream->at_start ? 0 : lines_push(stream, next, end);
}
