/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario_writer.h"

#include "timestamp.h"

#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for so many bytes more and a NUL. */
static bool scenario_writer_reserve(struct scenario_writer *scenario_writer, size_t more)
{
	size_t needed = scenario_writer->length + more + 1;
	if (scenario_writer->error)
		return false;
	if (needed <= scenario_writer->capacity)
		return true;
	size_t capacity = needed < 256 ? 512 : needed * 2;
	char *text = realloc(scenario_writer->text, capacity);
	if (!text) {
		scenario_writer->error = -ENOMEM;
		return false;
	}
	scenario_writer->text = text;
	scenario_writer->capacity = capacity;
	return true;
}

static void tell_bytes(struct scenario_writer *scenario_writer, const char *text, size_t length)
{
	if (!scenario_writer_reserve(scenario_writer, length))
		return;
	memcpy(scenario_writer->text + scenario_writer->length, text, length);
	scenario_writer->length += length;
	scenario_writer->text[scenario_writer->length] = '\0';
}

void tell(struct scenario_writer *scenario_writer, const char *format, ...)
{
	char *text = NULL;
	va_list args;
	va_start(args, format);
	int length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0)
		scenario_writer->error = scenario_writer->error ? scenario_writer->error : -ENOMEM;
	else
		tell_bytes(scenario_writer, text, (size_t)length);
	if (length >= 0)
		free(text);
}

void tell_told(struct scenario_writer *scenario_writer, const struct scenario_writer *told)
{
	if (told->error && !scenario_writer->error)
		scenario_writer->error = told->error;
	if (told->length)
		tell_bytes(scenario_writer, told->text, told->length);
}

void tell_comma(struct scenario_writer *scenario_writer)
{
	char last =
		scenario_writer->length ? scenario_writer->text[scenario_writer->length - 1] : '[';
	if (last != '[' && last != '{')
		tell_bytes(scenario_writer, ",", 1);
}

void tell_no_comma(struct scenario_writer *scenario_writer)
{
	if (scenario_writer->length < 2 ||
		strcmp(scenario_writer->text + scenario_writer->length - 2, ",\n") != 0)
		return;
	scenario_writer->length -= 2;
	scenario_writer->text[scenario_writer->length] = '\0';
}

void tell_key(struct scenario_writer *scenario_writer, const struct key_public *key)
{
	struct key_public other;
	int error = pseudonym_key(scenario_writer->names, key, &other);
	if (error)
		scenario_writer->error = scenario_writer->error ? scenario_writer->error : error;
	else
		tell(scenario_writer, "\"%s\"", key_public_format(&other).text);
}

void tell_id(struct scenario_writer *scenario_writer, const char *id)
{
	struct pseudonym_id other;
	int error = pseudonym_id(scenario_writer->names, id, &other);
	if (error)
		scenario_writer->error = scenario_writer->error ? scenario_writer->error : error;
	else
		tell(scenario_writer, "\"%s\"", other.text);
}

void tell_prefix(struct scenario_writer *scenario_writer, const struct prefix *prefix)
{
	struct prefix other = pseudonym_prefix(scenario_writer->names, prefix);
	tell(scenario_writer, "\"%s\"", prefix_format(&other).text);
}

void tell_time(struct scenario_writer *scenario_writer, int64_t ns)
{
	tell(scenario_writer, "\"%s\"", timestamp_format(ns).text);
}

void tell_quoted(struct scenario_writer *scenario_writer, const char *text)
{
	tell_bytes(scenario_writer, "\"", 1);
	while (*text) {
		size_t plain = strcspn(text, "\"\\");
		tell_bytes(scenario_writer, text, plain);
		text += plain;
		if (*text) {
			tell_bytes(scenario_writer, "\\", 1);
			tell_bytes(scenario_writer, text++, 1);
		}
	}
	tell_bytes(scenario_writer, "\"", 1);
}

void tell_made_up_secret(struct scenario_writer *scenario_writer, const struct key_secret *secret)
{
	char text[sodium_base64_ENCODED_LEN(KEY_BYTES, sodium_base64_VARIANT_ORIGINAL)];
	if (key_secret_is_zero(secret)) {
		tell(scenario_writer, "null");
		return;
	}
	sodium_bin2base64(
		text, sizeof text, secret->bytes, KEY_BYTES, sodium_base64_VARIANT_ORIGINAL);
	tell(scenario_writer, "\"%s\"", text);
}

void tell_peer_members(struct scenario_writer *scenario_writer, const struct peer_config *peer)
{
	tell(scenario_writer, "\"public_key\":");
	tell_key(scenario_writer, &peer->public_key);
	const struct endpoint *address = &peer->endpoint;
	if (address->kind == ENDPOINT_NAME && scenario_writer->endpoints)
		address = endpoint_history_baseline(scenario_writer->endpoints, &peer->public_key);
	if (address && address->kind == ENDPOINT_IP) {
		struct endpoint endpoint = pseudonym_endpoint(scenario_writer->names, address);
		tell(scenario_writer, ",\"endpoint\":\"%s\"", endpoint_format(&endpoint).text);
	}
	tell(scenario_writer, ",\"allowed_ips\":[");
	for (uint32_t i = 0; i < peer->allowed_ip_count; i++) {
		tell_comma(scenario_writer);
		tell_prefix(scenario_writer, &peer->allowed_ips[i]);
	}
	tell(scenario_writer, "]");
	if (!key_secret_is_zero(&peer->psk)) {
		struct key_secret psk = pseudonym_psk(scenario_writer->names, &peer->psk);
		tell(scenario_writer, ",\"psk\":");
		tell_made_up_secret(scenario_writer, &psk);
	}
	tell(scenario_writer, ",\"persistent_keepalive\":%u", peer->persistent_keepalive_s);
}

static void tell_signing_key(
	struct scenario_writer *scenario_writer, const char *name, const struct key_public *key)
{
	struct pseudonym_signer signer = pseudonym_signer(scenario_writer->names, key);
	tell(scenario_writer, "\"%s\":\"%s\"", name, key_public_format(&signer.public_key).text);
	sodium_memzero(&signer, sizeof signer);
}

void tell_signing_keys(struct scenario_writer *scenario_writer, const struct signing_keys *keys)
{
	tell(scenario_writer, "{");
	tell_signing_key(scenario_writer, "current", &keys->current);
	if (keys->has_previous) {
		tell(scenario_writer, ",");
		tell_signing_key(scenario_writer, "previous", &keys->previous);
		tell(scenario_writer, ",\"transition_expires\":");
		tell_time(scenario_writer, keys->transition_expires_ns);
	}
	tell(scenario_writer, "}");
}

void scenario_writer_reset(struct scenario_writer *scenario_writer)
{
	scenario_writer->length = 0;
	scenario_writer->error = 0;
	if (scenario_writer->text)
		*scenario_writer->text = '\0';
}

void scenario_writer_clear(struct scenario_writer *scenario_writer)
{
	free(scenario_writer->text);
	*scenario_writer = (struct scenario_writer){.names = scenario_writer->names};
}
