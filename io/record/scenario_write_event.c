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

/* An unusable payload is recorded as an object without a member, which is unusable too. */
static void tell_payload(struct scenario_writer *scenario_writer,
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
		tell(scenario_writer, "null");
		return;
	}
	if (is_about_a_peer(envelope)) {
		error = reader->read_peer(
			reader->impl, payload->text, payload->length, &arena, &entry, NULL);
		if (!error)
			tell_peer(scenario_writer, &entry.config);
	} else if (text_is(&envelope->event_type, "peer_removed")) {
		error = reader->read_peer_id(
			reader->impl, payload->text, payload->length, &arena, &id, NULL);
		if (!error) {
			tell(scenario_writer, "{\"peer_id\":");
			tell_id(scenario_writer, id);
			tell(scenario_writer, "}");
		}
	} else {
		error = reader->read_signing_keys(
			reader->impl, payload->text, payload->length, &keys, NULL);
		if (!error)
			tell_signing_keys(scenario_writer, &keys);
	}
	if (error)
		tell(scenario_writer, "{}");
	key_secret_wipe(&entry.config.psk);
	arena_clear(&arena);
}

static struct pseudonym_token token_of(
	const struct pseudonyms *names, const struct envelope_text *text)
{
	return pseudonym_token(names, text->text ? text->text : "", text->length);
}

int recorded_event_take(struct pseudonyms *names, const struct event_dispatcher *dispatcher,
	const struct envelope *envelope, enum verdict verdict, int error,
	struct recorded_event *ret)
{
	struct scenario_writer payload = {
		.names = names, .endpoints = &dispatcher->manager->endpoints};
	struct recorded_event event = {
		.verdict = verdict,
		.has_failed = error != 0,
		.has_event_id = envelope->event_id.length > 0,
		.has_nonce = envelope->nonce.length > 0,
		.has_issued_at = envelope->has_issued_at,
		.has_signature = envelope->has_signature,
		.event_id = token_of(names, &envelope->event_id),
		.nonce = token_of(names, &envelope->nonce),
		.issued_at_ns = envelope->issued_at_ns,
		.signing_key = dispatcher->verifier->keys.current,
	};
	event.type = has_handler(envelope)
			     ? strndup(envelope->event_type.text, envelope->event_type.length)
			     : strdup("other");
	if (verdict == VERDICT_ACCEPTED)
		tell_payload(&payload, dispatcher, envelope);
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

static int64_t issued_at_told(const struct recorded_event *event, int64_t at_ns)
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
		.verdict = event->verdict, .issued_at_ns = issued_at_told(event, at_ns)};
	if (event->verdict == VERDICT_ACCEPTED)
		return recorded_nonces_add(nonces, &event->nonce, at_ns,
			ret->issued_at_ns + EVENT_WINDOW_NS, &ret->nonce_generation);
	/*
	 * A nonce that the replay has forgotten by then, or has room for: the event is rejected all
	 * the same.
	 */
	if (event->verdict == VERDICT_NO_ROOM || event->verdict == VERDICT_SUPERSEDED)
		ret->verdict = VERDICT_BAD_SIGNATURE;
	if (event->verdict == VERDICT_DUPLICATE_NONCE &&
		!recorded_nonces_find(nonces, &event->nonce, at_ns, &ret->nonce_generation))
		ret->verdict = VERDICT_BAD_SIGNATURE;
	return 0;
}

/* The five members that are signed, as canonical_json.h would write them. */
static void tell_signed_members(struct scenario_writer *scenario_writer,
	const struct recorded_event *event, const struct event_words *words)
{
	tell(scenario_writer, "{\"event_type\":\"%s\"", event->type);
	if (event->has_event_id)
		tell(scenario_writer, ",\"event_id\":\"event-%s\"", event->event_id.text);
	if (event->has_issued_at) {
		tell(scenario_writer, ",\"issued_at\":");
		tell_time(scenario_writer, words->issued_at_ns);
	}
	if (event->has_nonce && words->nonce_generation)
		tell(scenario_writer, ",\"nonce\":\"%s-%u\"", event->nonce.text,
			words->nonce_generation);
	else if (event->has_nonce)
		tell(scenario_writer, ",\"nonce\":\"%s\"", event->nonce.text);
	tell(scenario_writer, ",\"payload\":%s", event->payload ? event->payload : "null");
}

/* A signature that is none stands for one that did not verify. */
static void tell_signature(struct scenario_writer *data, const struct recorded_event *event,
	const struct event_words *words, const struct scenario_writer *message)
{
	uint8_t signature[SIGNATURE_BYTES] = {0};
	char text[sodium_base64_ENCODED_LEN(SIGNATURE_BYTES, sodium_base64_VARIANT_ORIGINAL)];
	if (words->verdict != VERDICT_BAD_SIGNATURE) {
		struct pseudonym_signer signer = pseudonym_signer(data->names, &event->signing_key);
		crypto_sign_detached(signature, NULL, (const uint8_t *)message->text,
			message->length, signer.private_key);
		sodium_memzero(&signer, sizeof signer);
	}
	sodium_bin2base64(
		text, sizeof text, signature, sizeof signature, sodium_base64_VARIANT_ORIGINAL);
	tell(data, ",\"signature\":\"%s\"", text);
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

static void tell_data(struct scenario_writer *data, const struct recorded_event *event,
	const struct event_words *words)
{
	struct scenario_writer message = {.names = data->names};
	tell_signed_members(&message, event, words);
	tell_told(data, &message);
	tell(&message, "}");
	if (event->has_signature && !message.error)
		tell_signature(data, event, words, &message);
	tell(data, "}");
	scenario_writer_clear(&message);
}

void scenario_write_event(struct scenario_writer *scenario_writer,
	const struct recorded_event *event, struct recorded_nonces *nonces, int64_t at_ns)
{
	struct scenario_writer data = {.names = scenario_writer->names};
	struct event_words words;
	data.error = event_words_find(event, nonces, at_ns, &words);
	if (words.verdict != VERDICT_MALFORMED)
		tell_data(&data, event, &words);
	if (data.error && !scenario_writer->error)
		scenario_writer->error = data.error;
	tell(scenario_writer, "{\"do\":\"deliver\",\"data\":");
	tell_quoted(scenario_writer, data.text ? data.text : "");
	if (words.verdict != VERDICT_ACCEPTED)
		tell(scenario_writer, ",\"returns\":\"error: %s\"}", verdict_words(words.verdict));
	else if (event->has_failed)
		tell(scenario_writer, ",\"returns\":\"error: %s: \"}", event->type);
	else
		tell(scenario_writer, ",\"returns\":\"ok\"}");
	scenario_writer_clear(&data);
}

void recorded_event_clear(struct recorded_event *event)
{
	free(event->faults);
	free(event->type);
	free(event->payload);
	*event = (struct recorded_event){0};
}
