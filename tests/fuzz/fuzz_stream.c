/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text/event-stream: wherever the bytes are cut, the same events come out; and they are those of a
 * second parser that follows the standard, but neither cuts nor limits.
 */
#include "describe.h"
#include "event_stream.h"
#include "fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* If a number is too long, both only have to notice that. */
#define RETRY_MAX UINT64_C(1000000000000)

struct record {
	struct description text;
	bool has_dropped;
};

static void event_record(struct description *to, struct stream_text data, struct stream_text type,
	bool has_id, struct stream_text last_id)
{
	describe(to, "event %d ", has_id);
	describe_bytes(to, data.text, data.length);
	describe_bytes(to, type.text, type.length);
	describe_bytes(to, last_id.text, last_id.length);
}

static void on_event(void *impl, const struct stream_event *event)
{
	struct record *record = impl;
	record->has_dropped |= event->is_dropped;
	describe(&record->text, event->is_dropped ? "dropped " : "");
	event_record(&record->text, event->data, event->type, event->has_id, event->last_id);
}

static void on_id(void *impl, struct stream_text last_id)
{
	struct record *record = impl;
	describe(&record->text, "id ");
	describe_bytes(&record->text, last_id.text, last_id.length);
}

static void retry_record(struct description *to, uint64_t retry_ms)
{
	describe(to, "retry %llu\n",
		(unsigned long long)(retry_ms < RETRY_MAX ? retry_ms : RETRY_MAX));
}

static void on_retry(void *impl, uint64_t retry_ms)
{
	retry_record(&((struct record *)impl)->text, retry_ms);
}

/* The lengths of the pieces: all at once, one by one, or at random from a seed. */
enum cuts { WHOLE, BYTES, RANDOM };

static size_t piece_length(enum cuts cuts, uint32_t *seed, size_t left)
{
	if (cuts == WHOLE)
		return left;
	*seed = *seed * 1664525 + 1013904223;
	size_t length = cuts == BYTES ? 1 : 1 + (*seed >> 16) % ((*seed >> 8 & 1) ? 3 : 40);
	return length < left ? length : left;
}

static struct record stream_read(const char *text, size_t length, size_t size_max, enum cuts cuts)
{
	struct record record = {0};
	const struct event_stream_callbacks callbacks = {on_event, on_id, on_retry, &record};
	struct event_stream stream;
	uint32_t seed = fuzz_hash(text, length);
	event_stream_init(&stream, size_max, &callbacks);
	int error = 0;
	for (size_t at = 0; at < length && !error;) {
		size_t step = piece_length(cuts, &seed, length - at);
		char *piece = step > 1 ? fuzz_copy(text + at, step) : NULL;
		error = event_stream_push(&stream, piece ? piece : text + at, step);
		free(piece);
		at += step;
	}
	FUZZ_HOLDS(error == 0 || error == -EMSGSIZE);
	describe(&record.text, error ? "without end" : "");
	event_stream_deinit(&stream);
	return record;
}

/* The standard's algorithm, over the whole text. */
struct model {
	struct description *to;
	char *data;
	size_t data_length;
	bool has_data, has_id;
	struct stream_text type, last_id;
};

static void model_dispatch(struct model *model)
{
	struct stream_text data = {model->data, model->data_length - 1};
	if (model->has_data) {
		event_record(model->to, data, model->type, model->has_id, model->last_id);
	} else if (model->has_id) {
		describe(model->to, "id ");
		describe_bytes(model->to, model->last_id.text, model->last_id.length);
	}
	model->data_length = 0;
	model->has_data = model->has_id = false;
	model->type = (struct stream_text){0};
}

static void model_retry(struct model *model, struct stream_text value)
{
	uint64_t retry_ms = 0;
	for (size_t i = 0; i < value.length; i++) {
		if (value.text[i] < '0' || value.text[i] > '9')
			return;
		if (retry_ms < RETRY_MAX)
			retry_ms = retry_ms * 10 + (uint64_t)(value.text[i] - '0');
	}
	if (value.length)
		retry_record(model->to, retry_ms);
}

static bool name_is(struct fuzz_part name, const char *text)
{
	return name.length == strlen(text) && memcmp(name.text, text, name.length) == 0;
}

static void model_line(struct model *model, struct fuzz_part line)
{
	if (line.length == 0) {
		model_dispatch(model);
		return;
	}
	struct fuzz_part rest = line, name = fuzz_cut(&rest, ":");
	struct stream_text value = {rest.text, rest.length};
	if (value.length && *value.text == ' ')
		value = (struct stream_text){value.text + 1, value.length - 1};
	if (name_is(name, "data")) {
		memcpy(model->data + model->data_length, value.text, value.length);
		model->data_length += value.length;
		model->data[model->data_length++] = '\n';
		model->has_data = true;
	} else if (name_is(name, "event")) {
		model->type = value;
	} else if (name_is(name, "id") && !memchr(value.text, '\0', value.length)) {
		model->last_id = value;
		model->has_id = true;
	} else if (name_is(name, "retry")) {
		model_retry(model, value);
	}
}

/* Lines end in a carriage return, a line feed, or both; bytes without an end are no line yet. */
static struct description model_read(const char *text, size_t length)
{
	struct description described = {0};
	struct model model = {.to = &described, .data = malloc(2 * length + 1)};
	const char *at = text, *end = text + length;
	if (length >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
		at += 3;
	for (const char *next = at; next < end; next++) {
		if (*next != '\r' && *next != '\n')
			continue;
		model_line(&model, (struct fuzz_part){at, (size_t)(next - at)});
		if (*next == '\r' && next + 1 < end && next[1] == '\n')
			next++;
		at = next + 1;
	}
	free(model.data);
	return described;
}

void fuzz_one(const char *text, size_t length)
{
	static const size_t limits[] = {0, 1, 7, 64, 1 << 20};
	size_t limit = limits[fuzz_hash(text, length) % 5];
	struct record whole = stream_read(text, length, limit, WHOLE);
	struct record bytes = stream_read(text, length, limit, BYTES);
	FUZZ_HOLDS(descriptions_match(&whole.text, &bytes.text));
	struct record pieces = stream_read(text, length, 1 << 20, RANDOM);
	struct description expected = model_read(text, length);
	if (pieces.has_dropped) { /* a field too long for this parser, not for the standard */
		free(pieces.text.text);
		free(expected.text);
		return;
	}
	FUZZ_HOLDS(descriptions_match(&pieces.text, &expected));
}
