/* SPDX-License-Identifier: Apache-2.0 */
#include "envelope_wire.h"

#include "base64.h"
#include "canonical_json.h"
#include "diag.h"
#include "json_duplicates.h"
#include "json_scan.h"
#include "timestamp.h"

#include <errno.h>
#include <string.h>

/* Go's text for a time that was never set. */
#define NO_TIME "0001-01-01T00:00:00Z"

struct envelope_members {
	struct json_span event_type;
	struct json_span event_id;
	struct json_span issued_at;
	struct json_span nonce;
	struct json_span payload;
	struct json_span signature;
};

/* Names are case-sensitive; other members are ignored. */
static void find_members(struct json_span object, struct envelope_members *members)
{
	json_span_find_member(object, "event_type", &members->event_type);
	json_span_find_member(object, "event_id", &members->event_id);
	json_span_find_member(object, "issued_at", &members->issued_at);
	json_span_find_member(object, "nonce", &members->nonce);
	json_span_find_member(object, "payload", &members->payload);
	json_span_find_member(object, "signature", &members->signature);
}

/* Leave `*ret` unchanged if the string is null or missing. */
static int envelope_read_text(struct json_span value, const char *name, struct arena *arena,
	struct envelope_text *ret, struct diag *diag)
{
	enum json_kind kind = json_span_kind(value);
	if (kind == JSON_NULL)
		return 0;
	if (kind != JSON_STRING)
		return diag_fail(diag, -EINVAL, "malformed: %s: not a string", name);
	return json_span_decode(value, arena, &ret->text, &ret->length);
}

/* As in Go, a time has no escapes: use the text between the quotes unchanged. */
static struct envelope_text time_text(struct json_span value)
{
	if (json_span_kind(value) != JSON_STRING)
		return (struct envelope_text){0};
	return (struct envelope_text){.text = value.text + 1, .length = value.length - 2};
}

static int read_issued_at(struct json_span value, struct envelope *envelope, struct diag *diag)
{
	enum json_kind kind = json_span_kind(value);
	struct envelope_text text = time_text(value);
	if (kind != JSON_NULL && kind != JSON_STRING)
		return diag_fail(diag, -EINVAL, "malformed: issued_at: not a string");
	if (!text.length)
		return 0;
	if (!timestamp_parse(text.text, text.length, &envelope->issued_at_ns))
		return diag_fail(diag, -EINVAL,
			"malformed: issued_at: %s: not a time as in RFC 3339",
			quote(text.text, text.length).text);
	envelope->has_issued_at = true;
	return 0;
}

static int read_signature(struct json_span value, struct envelope *envelope, struct diag *diag)
{
	struct envelope_text text = {0};
	int error = envelope_read_text(value, "signature", &envelope->arena, &text, diag);
	if (error || !text.length)
		return error;
	envelope->has_signature = true;
	envelope->signature_is_sound = base64_decode(
		text.text, text.length, envelope->signature, sizeof envelope->signature);
	return 0;
}

static void envelope_put_text(struct canonical_writer *writer, const struct envelope_text *text)
{
	canonical_put_string(writer, text->text ? text->text : "", text->length);
}

static void put_canonical(struct canonical_writer *writer, const struct envelope *envelope,
	const struct envelope_members *members)
{
	struct envelope_text time = time_text(members->issued_at);
	if (!time.length)
		time = (struct envelope_text){.text = NO_TIME, .length = sizeof NO_TIME - 1};
	canonical_put_text(writer, "{\"event_type\":");
	envelope_put_text(writer, &envelope->event_type);
	canonical_put_text(writer, ",\"event_id\":");
	envelope_put_text(writer, &envelope->event_id);
	canonical_put_text(writer, ",\"issued_at\":");
	canonical_put_time(writer, time.text, time.length);
	canonical_put_text(writer, ",\"nonce\":");
	envelope_put_text(writer, &envelope->nonce);
	canonical_put_text(writer, ",\"payload\":");
	canonical_put_value(writer, (struct json_span){.text = envelope->payload.text,
					    .length = envelope->payload.length});
	canonical_put_text(writer, "}");
}

static int make_canonical(struct envelope *envelope, const struct envelope_members *members)
{
	struct canonical_writer measure = {0};
	put_canonical(&measure, envelope, members);
	struct canonical_writer writer = {
		.out = arena_alloc(&envelope->arena, measure.length + 1),
	};
	if (!writer.out)
		return -ENOMEM;
	put_canonical(&writer, envelope, members);
	envelope->canonical = (struct envelope_text){.text = writer.out, .length = writer.length};
	return 0;
}

static int read_payload(struct json_span value, struct envelope *envelope)
{
	const char *text = value.text ? value.text : "null";
	size_t length = value.text ? value.length : strlen(text);
	envelope->payload.text = arena_strndup(&envelope->arena, text, length);
	envelope->payload.length = length;
	return envelope->payload.text ? 0 : -ENOMEM;
}

static int envelope_read_members(
	const struct envelope_members *members, struct envelope *envelope, struct diag *diag)
{
	struct arena *arena = &envelope->arena;
	int error = envelope_read_text(
		members->event_type, "event_type", arena, &envelope->event_type, diag);
	if (!error && !envelope->event_type.length)
		error = diag_fail(diag, -EINVAL, "malformed: missing event_type");
	if (!error)
		error = envelope_read_text(
			members->event_id, "event_id", arena, &envelope->event_id, diag);
	if (!error)
		error = read_issued_at(members->issued_at, envelope, diag);
	if (!error)
		error = envelope_read_text(members->nonce, "nonce", arena, &envelope->nonce, diag);
	if (!error)
		error = read_payload(members->payload, envelope);
	if (!error)
		error = read_signature(members->signature, envelope, diag);
	if (!error)
		error = make_canonical(envelope, members);
	return error;
}

int envelope_wire_read(const char *data, size_t length, struct envelope *ret, struct diag *diag)
{
	struct json_span span;
	struct envelope_members members = {0};
	struct envelope envelope = {.arena = {.is_secret = true}};
	int error = json_scan_document(data, length, &span, diag);
	if (error)
		return diag_wrap(diag, error, "malformed");
	if (json_span_kind(span) != JSON_OBJECT)
		return diag_fail(diag, -EINVAL, "malformed: not an object");
	error = json_duplicates_check_members(span, diag);
	if (error == -EINVAL)
		return diag_wrap(diag, error, "malformed");
	if (!error) {
		find_members(span, &members);
		error = envelope_read_members(&members, &envelope, diag);
	}
	if (error) {
		envelope_clear(&envelope);
		return error == -ENOMEM ? diag_fail_errno(diag, error) : error;
	}
	*ret = envelope;
	return 0;
}
