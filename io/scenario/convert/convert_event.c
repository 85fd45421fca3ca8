/* SPDX-License-Identifier: Apache-2.0 */
#include "convert_parts.h"

#include "timestamp.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Well within the window. */
#define WITHIN_NS (EVENT_WINDOW_NS - NS_PER_S)

/* An event as the replay gets it. */
struct replayed_event {
	const struct trace_event *event;
	bool is_signed; /* else with a signature that does not verify */
	int64_t issued_at_ns;
	char nonce[32];
};

static bool nonce_is_known(const struct converter *converter, const char *nonce)
{
	const struct scenario_run *run = &converter->run;
	return nonce_store_find(&run->process.verifier.nonces, nonce, strlen(nonce), run->now) !=
	       NULL;
}

/* An accepted event is within the window, though the clocks differ a little, and not older than the
 * newest about its peer, which the replay may know though the traced process had forgotten it. */
static int64_t issued_at_choose(const struct converter *converter, const struct trace_event *event)
{
	const struct scenario_run *run = &converter->run;
	int64_t ns = event->issued_at_ns, now_ns = run->now.wall_ns;
	const char *id = event->peer ? event->peer->id : event->peer_id ? event->peer_id : "";
	const struct moment *newest = nonce_store_find(
		&run->process.verifier.newest, id ? id : "", id ? strlen(id) : 0, run->now);
	if (newest && newest->wall_ns - EVENT_WINDOW_NS > ns)
		ns = newest->wall_ns - EVENT_WINDOW_NS;
	if (ns < now_ns - WITHIN_NS)
		return now_ns - WITHIN_NS;
	return ns > now_ns + WITHIN_NS ? now_ns + WITHIN_NS : ns;
}

/*
 * A nonce that was used again after it had been forgotten gets a number: the replay may remember
 * it. An event that the replay might accept though it was rejected, such as one for which there was
 * no room, is not signed.
 */
static struct replayed_event event_choose(
	const struct converter *converter, const struct trace_event *event)
{
	struct replayed_event replayed = {.event = event, .issued_at_ns = event->issued_at_ns};
	memcpy(replayed.nonce, event->nonce.text, sizeof event->nonce.text);
	replayed.is_signed = event->verdict == VERDICT_DUPLICATE_NONCE &&
			     nonce_is_known(converter, replayed.nonce);
	if (event->verdict != VERDICT_ACCEPTED)
		return replayed;
	replayed.is_signed = true;
	replayed.issued_at_ns = issued_at_choose(converter, event);
	for (unsigned i = 1; nonce_is_known(converter, replayed.nonce); i++)
		snprintf(replayed.nonce, sizeof replayed.nonce, "%s-%u", event->nonce.text, i);
	return replayed;
}

/* An unusable payload is an object without members, which is unusable too. */
static void payload_put(
	struct convert_text *text, struct converter *converter, const struct trace_event *event)
{
	if (event->verdict != VERDICT_ACCEPTED || !event->type ||
		strcmp(event->type, "other") == 0) {
		convert_put(text, converter, "null");
	} else if (event->peer && !event->peer->error) {
		char *peer = convert_peer_text(&event->peer->config);
		convert_put(text, converter, "%s", peer ? peer : "");
		free(peer);
	} else if (event->peer_id) {
		convert_put(text, converter, "{\"peer_id\":\"%s\"}", event->peer_id);
	} else if (event->keys) {
		convert_signing_keys(text, converter, event->keys);
	} else {
		convert_put(text, converter, "{}");
	}
}

/* Write the members, signed as canonical_json.h would write them, with the key in force in the
 * replay. */
static void data_put(struct convert_text *text, struct converter *converter,
	const struct replayed_event *replayed)
{
	const struct trace_event *event = replayed->event;
	const struct replaced_signer *signer = replacements_signer(
		&converter->replacements, &converter->run.process.verifier.keys.current);
	uint8_t signature[SIGNATURE_BYTES] = {0};
	char base64[sodium_base64_ENCODED_LEN(SIGNATURE_BYTES, sodium_base64_VARIANT_ORIGINAL)];
	convert_put(text, converter, "{\"event_type\":\"%s\"", event->type ? event->type : "");
	if (*event->event_id.text)
		convert_put(text, converter, ",\"event_id\":\"event-%s\"", event->event_id.text);
	if (event->has_issued_at)
		convert_put(text, converter, ",\"issued_at\":\"%s\"",
			timestamp_format(replayed->issued_at_ns).text);
	if (*event->nonce.text)
		convert_put(text, converter, ",\"nonce\":\"%s\"", replayed->nonce);
	convert_put(text, converter, ",\"payload\":");
	payload_put(text, converter, event);
	convert_put(text, converter, "}");
	if (!event->has_signature || converter->error)
		return;
	if (replayed->is_signed && signer)
		crypto_sign_detached(signature, NULL, (const uint8_t *)text->text, text->length,
			signer->private_key);
	sodium_bin2base64(
		base64, sizeof base64, signature, sizeof signature, sodium_base64_VARIANT_ORIGINAL);
	text->length--;
	convert_put(text, converter, ",\"signature\":\"%s\"}", base64);
}

void convert_event(struct converter *converter, const struct trace_line *line)
{
	const struct trace_event *event = &line->event;
	struct convert_text data = {0}, quoted = {0};
	if (event->verdict == VERDICT_FAULT)
		return;
	convert_faults(converter, line);
	struct replayed_event replayed = event_choose(converter, event);
	if (event->verdict != VERDICT_MALFORMED)
		data_put(&data, converter, &replayed);
	for (const char *next = data.text ? data.text : ""; *next; next++)
		convert_put(&quoted, converter, "%s%c", *next == '"' || *next == '\\' ? "\\" : "",
			*next);
	convert_step(converter, "{\"do\":\"deliver\",\"data\":\"%s\",\"returns\":\"%s\"}",
		quoted.text ? quoted.text : "", line->error ? "error: " : "ok");
	convert_text_clear(&quoted);
	convert_text_clear(&data);
	convert_model_event(converter, line);
}
