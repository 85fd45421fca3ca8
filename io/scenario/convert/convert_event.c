/* SPDX-License-Identifier: Apache-2.0 */
#include "convert_parts.h"

#include "timestamp.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Well outside of the window, and well within it. */
#define FAR_OFF_NS (2 * EVENT_WINDOW_NS)
#define WITHIN_NS  (EVENT_WINDOW_NS - NS_PER_S)

/* An event as the replay gets it. */
struct replayed_event {
	const struct trace_event *event;
	enum verdict verdict;
	int64_t issued_at_ns;
	char nonce[32];
};

/*
 * The nonce, with a number if it was used again after it had been forgotten: the replay may still
 * remember it. Returns whether it remembers the last one.
 */
static bool nonce_choose(
	const struct converter *converter, struct replayed_event *replayed, bool is_new)
{
	const struct scenario_run *run = &converter->run;
	const char *token = replayed->event->nonce.text;
	char next[sizeof replayed->nonce];
	bool is_known = false;
	for (unsigned i = 0;; i++) {
		int length = i ? snprintf(next, sizeof next, "%s-%u", token, i)
			       : snprintf(next, sizeof next, "%s", token);
		bool is_used = nonce_store_find(&run->process.verifier.nonces, next, (size_t)length,
				       run->now) != NULL;
		if (is_used || is_new || i == 0)
			memcpy(replayed->nonce, next, sizeof next);
		if (!is_used)
			return is_known;
		is_known = true;
	}
}

static int64_t issued_at_within(const struct trace_event *event, int64_t now_ns)
{
	if (event->issued_at_ns < now_ns - WITHIN_NS)
		return now_ns - WITHIN_NS;
	return event->issued_at_ns > now_ns + WITHIN_NS ? now_ns + WITHIN_NS : event->issued_at_ns;
}

/* An accepted event is not older than the newest about its peer, which the replay may know though
 * the traced process had forgotten it. */
static int64_t issued_at_newest(
	const struct converter *converter, const struct trace_event *event, int64_t issued_at_ns)
{
	const struct scenario_run *run = &converter->run;
	const char *id = event->peer ? event->peer->id : event->peer_id ? event->peer_id : "";
	const struct moment *newest = nonce_store_find(
		&run->process.verifier.newest, id ? id : "", id ? strlen(id) : 0, run->now);
	int64_t newest_ns = newest ? newest->wall_ns - EVENT_WINDOW_NS : INT64_MIN;
	return newest_ns > issued_at_ns ? newest_ns : issued_at_ns;
}

static struct replayed_event event_choose(
	const struct converter *converter, const struct trace_event *event)
{
	int64_t now_ns = converter->run.now.wall_ns;
	struct replayed_event replayed = {.event = event,
		.verdict = event->verdict,
		.issued_at_ns = issued_at_within(event, now_ns)};
	bool is_known =
		nonce_choose(converter, &replayed, event->verdict != VERDICT_DUPLICATE_NONCE);
	switch (event->verdict) {
	case VERDICT_STALE:
		replayed.issued_at_ns = now_ns - FAR_OFF_NS;
		break;
	case VERDICT_FUTURE:
		replayed.issued_at_ns = now_ns + FAR_OFF_NS;
		break;
	case VERDICT_DUPLICATE_NONCE:
		if (!is_known)
			replayed.verdict = VERDICT_BAD_SIGNATURE;
		break;
	/* The replay may not know what superseded it, or have room for it. A bad signature makes it
	 * reject the event all the same. */
	case VERDICT_SUPERSEDED:
	case VERDICT_NO_ROOM:
		replayed.verdict = VERDICT_BAD_SIGNATURE;
		break;
	case VERDICT_ACCEPTED:
		replayed.issued_at_ns = issued_at_newest(converter, event, replayed.issued_at_ns);
		break;
	case VERDICT_MALFORMED:
	case VERDICT_MISSING_FIELD:
	case VERDICT_BAD_SIGNATURE:
	case VERDICT_FAULT:
		break;
	}
	return replayed;
}

static void signing_keys_put(
	struct convert_text *text, struct converter *converter, const struct signing_keys *keys)
{
	convert_put(text, converter, "{\"current\":\"%s\"", key_public_format(&keys->current).text);
	if (keys->has_previous)
		convert_put(text, converter, ",\"previous\":\"%s\",\"transition_expires\":\"%s\"",
			key_public_format(&keys->previous).text,
			timestamp_format(keys->transition_expires_ns).text);
	convert_put(text, converter, "}");
}

/* An unusable payload is an object without members, which is unusable too. */
static void payload_put(
	struct convert_text *text, struct converter *converter, const struct trace_event *event)
{
	if (event->verdict != VERDICT_ACCEPTED || strcmp(event->type, "other") == 0) {
		convert_put(text, converter, "null");
	} else if (event->peer && !event->peer->error) {
		char *peer = convert_peer_text(&event->peer->config);
		convert_put(text, converter, "%s", peer ? peer : "");
		free(peer);
	} else if (event->peer_id) {
		convert_put(text, converter, "{\"peer_id\":\"%s\"}", event->peer_id);
	} else if (event->keys) {
		signing_keys_put(text, converter, event->keys);
	} else {
		convert_put(text, converter, "{}");
	}
}

/* Write the five signed members, as canonical_json.h would. */
static void signed_members_put(struct convert_text *text, struct converter *converter,
	const struct replayed_event *replayed)
{
	const struct trace_event *event = replayed->event;
	convert_put(text, converter, "{\"event_type\":\"%s\"", event->type);
	if (*event->event_id.text)
		convert_put(text, converter, ",\"event_id\":\"event-%s\"", event->event_id.text);
	if (event->has_issued_at)
		convert_put(text, converter, ",\"issued_at\":\"%s\"",
			timestamp_format(replayed->issued_at_ns).text);
	if (*event->nonce.text)
		convert_put(text, converter, ",\"nonce\":\"%s\"", replayed->nonce);
	convert_put(text, converter, ",\"payload\":");
	payload_put(text, converter, event);
}

/* Sign with the key in force in the replay; zeros replace a signature that did not verify. */
static void signature_put(struct convert_text *text, struct converter *converter,
	const struct replayed_event *replayed)
{
	uint8_t signature[SIGNATURE_BYTES] = {0};
	char base64[sodium_base64_ENCODED_LEN(SIGNATURE_BYTES, sodium_base64_VARIANT_ORIGINAL)];
	const struct replaced_signer *signer = replacements_signer(
		&converter->replacements, &converter->run.process.verifier.keys.current);
	struct convert_text message = {0};
	signed_members_put(&message, converter, replayed);
	convert_put(&message, converter, "}");
	if (replayed->verdict != VERDICT_BAD_SIGNATURE && signer && !converter->error)
		crypto_sign_detached(signature, NULL, (const uint8_t *)message.text, message.length,
			signer->private_key);
	sodium_bin2base64(
		base64, sizeof base64, signature, sizeof signature, sodium_base64_VARIANT_ORIGINAL);
	convert_put(text, converter, ",\"signature\":\"%s\"", base64);
	convert_text_clear(&message);
}

/* How the error of a rejected event begins. */
static const char *rejection_text(enum verdict verdict)
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
		return "duplicate nonce";
	case VERDICT_SUPERSEDED:
	case VERDICT_MALFORMED:
	case VERDICT_ACCEPTED:
	case VERDICT_NO_ROOM:
	case VERDICT_FAULT:
		break;
	}
	return "malformed";
}

/* Write the data as a JSON string. */
static void data_quote(
	struct convert_text *ret, struct converter *converter, const struct convert_text *data)
{
	const char *text = data->text ? data->text : "";
	convert_put(ret, converter, "\"");
	while (*text) {
		int plain = (int)strcspn(text, "\"\\");
		convert_put(ret, converter, "%.*s", plain, text);
		text += plain;
		if (*text)
			convert_put(ret, converter, "\\%c", *text++);
	}
	convert_put(ret, converter, "\"");
}

void convert_event(struct converter *converter, const struct trace_line *line)
{
	const struct trace_event *event = &line->event;
	if (event->verdict == VERDICT_FAULT)
		return;
	convert_faults(converter, line);
	struct replayed_event replayed = event_choose(converter, event);
	struct convert_text data = {0}, quoted = {0};
	if (event->verdict != VERDICT_MALFORMED) {
		signed_members_put(&data, converter, &replayed);
		if (event->has_signature)
			signature_put(&data, converter, &replayed);
		convert_put(&data, converter, "}");
	}
	data_quote(&quoted, converter, &data);
	bool is_accepted = replayed.verdict == VERDICT_ACCEPTED;
	convert_step(converter, "{\"do\":\"deliver\",\"data\":%s,\"returns\":\"%s%s%s\"}",
		quoted.text ? quoted.text : "", is_accepted && !line->error ? "ok" : "error: ",
		is_accepted ? line->error ? event->type : "" : rejection_text(replayed.verdict),
		is_accepted && line->error ? ": " : "");
	convert_text_clear(&quoted);
	convert_text_clear(&data);
	convert_model_event(converter, line);
}
