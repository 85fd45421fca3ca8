/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario_writer.h"

#include "timestamp.h"

#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Make room for so many bytes more and a NUL. */
static bool scenario_writer_reserve(struct scenario_writer *writer, size_t more)
{
	size_t needed = writer->length + more + 1;
	if (writer->error)
		return false;
	if (needed <= writer->capacity)
		return true;
	size_t capacity = needed < 256 ? 512 : needed * 2;
	char *text = realloc(writer->text, capacity);
	if (!text) {
		writer->error = -ENOMEM;
		return false;
	}
	writer->text = text;
	writer->capacity = capacity;
	return true;
}

static void scenario_write_bytes(struct scenario_writer *writer, const char *text, size_t length)
{
	if (!scenario_writer_reserve(writer, length))
		return;
	memcpy(writer->text + writer->length, text, length);
	writer->length += length;
	writer->text[writer->length] = '\0';
}

void scenario_write(struct scenario_writer *writer, const char *format, ...)
{
	char *text = NULL;
	va_list args;
	va_start(args, format);
	int length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0)
		writer->error = writer->error ? writer->error : -ENOMEM;
	else
		scenario_write_bytes(writer, text, (size_t)length);
	if (length >= 0)
		free(text);
}

void scenario_write_piece(struct scenario_writer *writer, const struct scenario_writer *piece)
{
	if (piece->error && !writer->error)
		writer->error = piece->error;
	if (piece->length)
		scenario_write_bytes(writer, piece->text, piece->length);
}

void scenario_write_comma(struct scenario_writer *writer)
{
	char last = writer->length ? writer->text[writer->length - 1] : '[';
	if (last != '[' && last != '{')
		scenario_write_bytes(writer, ",", 1);
}

void scenario_writer_remove_comma(struct scenario_writer *writer)
{
	if (writer->length < 2 || strcmp(writer->text + writer->length - 2, ",\n") != 0)
		return;
	writer->length -= 2;
	writer->text[writer->length] = '\0';
}

void scenario_write_key(struct scenario_writer *writer, const struct key_public *key)
{
	struct key_public other;
	int error = anonymize_key(writer->anonymizer, key, &other);
	if (error)
		writer->error = writer->error ? writer->error : error;
	else
		scenario_write(writer, "\"%s\"", key_public_format(&other).text);
}

void scenario_write_id(struct scenario_writer *writer, const char *id)
{
	struct anonymous_id other;
	int error = anonymize_id(writer->anonymizer, id, &other);
	if (error)
		writer->error = writer->error ? writer->error : error;
	else
		scenario_write(writer, "\"%s\"", other.text);
}

void scenario_write_prefix(struct scenario_writer *writer, const struct prefix *prefix)
{
	struct prefix other = anonymize_prefix(writer->anonymizer, prefix);
	scenario_write(writer, "\"%s\"", prefix_format(&other).text);
}

void scenario_write_time(struct scenario_writer *writer, int64_t ns)
{
	scenario_write(writer, "\"%s\"", timestamp_format(ns).text);
}

void scenario_write_quoted(struct scenario_writer *writer, const char *text)
{
	scenario_write_bytes(writer, "\"", 1);
	while (*text) {
		size_t plain = strcspn(text, "\"\\");
		scenario_write_bytes(writer, text, plain);
		text += plain;
		if (*text) {
			scenario_write_bytes(writer, "\\", 1);
			scenario_write_bytes(writer, text++, 1);
		}
	}
	scenario_write_bytes(writer, "\"", 1);
}

void scenario_write_anonymous_secret(
	struct scenario_writer *writer, const struct key_secret *secret)
{
	char text[sodium_base64_ENCODED_LEN(KEY_BYTES, sodium_base64_VARIANT_ORIGINAL)];
	if (key_secret_is_zero(secret)) {
		scenario_write(writer, "null");
		return;
	}
	sodium_bin2base64(
		text, sizeof text, secret->bytes, KEY_BYTES, sodium_base64_VARIANT_ORIGINAL);
	scenario_write(writer, "\"%s\"", text);
}

void scenario_write_peer_members(struct scenario_writer *writer, const struct peer_config *peer)
{
	scenario_write(writer, "\"public_key\":");
	scenario_write_key(writer, &peer->public_key);
	const struct endpoint *address = &peer->endpoint;
	if (address->kind == ENDPOINT_NAME && writer->endpoints)
		address = endpoint_history_baseline(writer->endpoints, &peer->public_key);
	if (address && address->kind == ENDPOINT_IP) {
		struct endpoint endpoint = anonymize_endpoint(writer->anonymizer, address);
		scenario_write(writer, ",\"endpoint\":\"%s\"", endpoint_format(&endpoint).text);
	}
	scenario_write(writer, ",\"allowed_ips\":[");
	for (uint32_t i = 0; i < peer->allowed_ip_count; i++) {
		scenario_write_comma(writer);
		scenario_write_prefix(writer, &peer->allowed_ips[i]);
	}
	scenario_write(writer, "]");
	if (!key_secret_is_zero(&peer->psk)) {
		struct key_secret psk = anonymize_psk(writer->anonymizer, &peer->psk);
		scenario_write(writer, ",\"psk\":");
		scenario_write_anonymous_secret(writer, &psk);
	}
	scenario_write(writer, ",\"persistent_keepalive\":%u", peer->persistent_keepalive_s);
}

static void scenario_write_signing_key(
	struct scenario_writer *writer, const char *name, const struct key_public *key)
{
	struct anonymous_signer signer = anonymize_signer(writer->anonymizer, key);
	scenario_write(writer, "\"%s\":\"%s\"", name, key_public_format(&signer.public_key).text);
	sodium_memzero(&signer, sizeof signer);
}

void scenario_write_signing_keys(struct scenario_writer *writer, const struct signing_keys *keys)
{
	scenario_write(writer, "{");
	scenario_write_signing_key(writer, "current", &keys->current);
	if (keys->has_previous) {
		scenario_write(writer, ",");
		scenario_write_signing_key(writer, "previous", &keys->previous);
		scenario_write(writer, ",\"transition_expires\":");
		scenario_write_time(writer, keys->transition_expires_ns);
	}
	scenario_write(writer, "}");
}

void scenario_writer_reset(struct scenario_writer *writer)
{
	writer->length = 0;
	writer->error = 0;
	if (writer->text)
		*writer->text = '\0';
}

void scenario_writer_clear(struct scenario_writer *writer)
{
	free(writer->text);
	*writer = (struct scenario_writer){.anonymizer = writer->anonymizer};
}
