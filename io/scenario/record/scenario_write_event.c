/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario_write_event.h"

#include "diag.h"
#include "scenario_write_state.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Well outside of the window. */
#define FAR_OFF_NS (2 * EVENT_WINDOW_NS)

static const char *const peer_types[] = {"peer_added", "peer_key_rotated", "peer_endpoint_changed"};

static bool text_is(const struct envelope_text *text, const char *value)
{
	return text->length == strlen(value) && memcmp(text->text, value, text->length) == 0;
}

static bool is_about_a_peer(const struct envelope *envelope)
{
	for (size_t i = 0; i < sizeof peer_types / sizeof *peer_types; i++)
		if (text_is(&envelope->event_type, peer_types[i]))
			return true;
	return false;
}

static bool has_handler(const struct envelope *envelope)
{
	return is_about_a_peer(envelope) || text_is(&envelope->event_type, "peer_removed") ||
	       text_is(&envelope->event_type, "signing_key_rotated");
}

/* Write an unusable payload as an object without members, which is unusable too. */
static void scenario_write_payload(struct scenario_writer *writer,
	const struct event_dispatcher *dispatcher, const struct envelope *envelope)
{
	const struct payload_reader *reader = &dispatcher->reader;
	const struct envelope_text *payload = &envelope->payload;
	struct arena arena = {0};
	struct peer_entry entry = {0};
	const char *id = NULL;
	struct signing_keys keys = {0};
	int error = -EINVAL;
	if (!has_handler(envelope)) {
		scenario_write(writer, "null");
		return;
	}
	if (is_about_a_peer(envelope)) {
		error = reader->read_peer(
			reader->impl, payload->text, payload->length, &arena, &entry, NULL);
		if (!error)
			scenario_write_peer(writer, &entry.config);
	} else if (text_is(&envelope->event_type, "peer_removed")) {
		error = reader->read_peer_id(
			reader->impl, payload->text, payload->length, &arena, &id, NULL);
		if (!error) {
			scenario_write(writer, "{\"peer_id\":");
			scenario_write_id(writer, id);
			scenario_write(writer, "}");
		}
	} else {
		error = reader->read_signing_keys(
			reader->impl, payload->text, payload->length, &keys, NULL);
		if (!error)
			scenario_write_signing_keys(writer, &keys);
	}
	if (error)
		scenario_write(writer, "{}");
	key_secret_wipe(&entry.config.psk);
	arena_clear(&arena);
}

static struct anonymous_token token_of(
	const struct anonymizer *anonymizer, const struct envelope_text *text)
{
	return anonymize_token(anonymizer, text->text ? text->text : "", text->length);
}

int recorded_event_take(struct anonymizer *anonymizer, const struct event_dispatcher *dispatcher,
	const struct envelope *envelope, enum verdict verdict, int error,
	struct recorded_event *ret)
{
	struct scenario_writer payload = {
		.anonymizer = anonymizer, .endpoints = &dispatcher->manager->endpoints};
	struct recorded_event event = {
		.verdict = verdict,
		.has_failed = error != 0,
		.has_event_id = envelope->event_id.length > 0,
		.has_nonce = envelope->nonce.length > 0,
		.has_issued_at = envelope->has_issued_at,
		.has_signature = envelope->has_signature,
		.event_id = token_of(anonymizer, &envelope->event_id),
		.nonce = token_of(anonymizer, &envelope->nonce),
		.issued_at_ns = envelope->issued_at_ns,
		.signing_key = dispatcher->verifier->keys.current,
	};
	event.type = has_handler(envelope)
			     ? strndup(envelope->event_type.text, envelope->event_type.length)
			     : strdup("other");
	if (verdict == VERDICT_ACCEPTED)
		scenario_write_payload(&payload, dispatcher, envelope);
	event.payload = payload.text;
	if (!payload.error && !event.type)
		payload.error = -ENOMEM;
	if (payload.error)
		recorded_event_clear(&event);
	else
		*ret = event;
	return payload.error;
}

/* The values of a step that differ from those of the event. */
struct event_words {
	enum verdict verdict;
	int64_t issued_at_ns;
	unsigned nonce_generation;
};

static int64_t recorded_issued_at(const struct recorded_event *event, int64_t at_ns)
{
	switch (event->verdict) {
	case VERDICT_STALE:
		return at_ns - FAR_OFF_NS;
	case VERDICT_FUTURE:
		return at_ns + FAR_OFF_NS;
	case VERDICT_MISSING_FIELD:
		return at_ns;
	case VERDICT_ACCEPTED:
	case VERDICT_MALFORMED:
	case VERDICT_BAD_SIGNATURE:
	case VERDICT_DUPLICATE_NONCE:
	case VERDICT_SUPERSEDED:
	case VERDICT_NO_ROOM:
	case VERDICT_FAULT:
		break;
	}
	return event->issued_at_ns + (at_ns - event->now_ns);
}

/* Returns 0 or -ENOMEM. */
static int event_words_find(const struct recorded_event *event, struct recorded_nonces *nonces,
	int64_t at_ns, struct event_words *ret)
{
	*ret = (struct event_words){
		.verdict = event->verdict, .issued_at_ns = recorded_issued_at(event, at_ns)};
	if (event->verdict == VERDICT_ACCEPTED)
		return recorded_nonces_add(nonces, &event->nonce, at_ns,
			ret->issued_at_ns + EVENT_WINDOW_NS, &ret->nonce_generation);
	/* The replay may have forgotten the nonce by then, or have room for it. A bad signature
	 * makes it reject the event all the same. */
	if (event->verdict == VERDICT_NO_ROOM || event->verdict == VERDICT_SUPERSEDED)
		ret->verdict = VERDICT_BAD_SIGNATURE;
	if (event->verdict == VERDICT_DUPLICATE_NONCE &&
		!recorded_nonces_find(nonces, &event->nonce, at_ns, &ret->nonce_generation))
		ret->verdict = VERDICT_BAD_SIGNATURE;
	return 0;
}

/* Write the five signed members, as canonical_json.h would. */
static void scenario_write_signed_members(struct scenario_writer *writer,
	const struct recorded_event *event, const struct event_words *words)
{
	scenario_write(writer, "{\"event_type\":\"%s\"", event->type);
	if (event->has_event_id)
		scenario_write(writer, ",\"event_id\":\"event-%s\"", event->event_id.text);
	if (event->has_issued_at) {
		scenario_write(writer, ",\"issued_at\":");
		scenario_write_time(writer, words->issued_at_ns);
	}
	if (event->has_nonce && words->nonce_generation)
		scenario_write(
			writer, ",\"nonce\":\"%s-%u\"", event->nonce.text, words->nonce_generation);
	else if (event->has_nonce)
		scenario_write(writer, ",\"nonce\":\"%s\"", event->nonce.text);
	scenario_write(writer, ",\"payload\":%s", event->payload ? event->payload : "null");
}

/* A signature of zeros replaces one that did not verify. */
static void scenario_write_signature(struct scenario_writer *data,
	const struct recorded_event *event, const struct event_words *words,
	const struct scenario_writer *message)
{
	uint8_t signature[SIGNATURE_BYTES] = {0};
	char text[sodium_base64_ENCODED_LEN(SIGNATURE_BYTES, sodium_base64_VARIANT_ORIGINAL)];
	if (words->verdict != VERDICT_BAD_SIGNATURE) {
		struct anonymous_signer signer =
			anonymize_signer(data->anonymizer, &event->signing_key);
		crypto_sign_detached(signature, NULL, (const uint8_t *)message->text,
			message->length, signer.private_key);
		sodium_memzero(&signer, sizeof signer);
	}
	sodium_bin2base64(
		text, sizeof text, signature, sizeof signature, sodium_base64_VARIANT_ORIGINAL);
	scenario_write(data, ",\"signature\":\"%s\"", text);
}

/* How the error of a rejected event begins. */
static const char *verdict_words(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_MISSING_FIELD:
		return "missing ";
	case VERDICT_STALE:
		return "stale";
	case VERDICT_FUTURE:
		return "future";
	case VERDICT_BAD_SIGNATURE:
		return "bad signature";
	case VERDICT_DUPLICATE_NONCE:
	case VERDICT_SUPERSEDED:
		return "duplicate nonce";
	case VERDICT_MALFORMED:
	case VERDICT_ACCEPTED:
	case VERDICT_NO_ROOM:
	case VERDICT_FAULT:
		break;
	}
	return "malformed";
}

static void scenario_write_data(struct scenario_writer *data, const struct recorded_event *event,
	const struct event_words *words)
{
	struct scenario_writer message = {.anonymizer = data->anonymizer};
	scenario_write_signed_members(&message, event, words);
	scenario_write_piece(data, &message);
	scenario_write(&message, "}");
	if (event->has_signature && !message.error)
		scenario_write_signature(data, event, words, &message);
	scenario_write(data, "}");
	scenario_writer_clear(&message);
}

void scenario_write_event(struct scenario_writer *writer, const struct recorded_event *event,
	struct recorded_nonces *nonces, int64_t at_ns)
{
	struct scenario_writer data = {.anonymizer = writer->anonymizer};
	struct event_words words;
	data.error = event_words_find(event, nonces, at_ns, &words);
	if (words.verdict != VERDICT_MALFORMED)
		scenario_write_data(&data, event, &words);
	if (data.error && !writer->error)
		writer->error = data.error;
	scenario_write(writer, "{\"do\":\"deliver\",\"data\":");
	scenario_write_quoted(writer, data.text ? data.text : "");
	if (words.verdict != VERDICT_ACCEPTED)
		scenario_write(writer, ",\"returns\":\"error: %s\"}", verdict_words(words.verdict));
	else if (event->has_failed)
		scenario_write(writer, ",\"returns\":\"error: %s: \"}", event->type);
	else
		scenario_write(writer, ",\"returns\":\"ok\"}");
	scenario_writer_clear(&data);
}

void recorded_event_clear(struct recorded_event *event)
{
	free(event->faults);
	free(event->type);
	free(event->payload);
	*event = (struct recorded_event){0};
}
