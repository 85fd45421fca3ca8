/* SPDX-License-Identifier: Apache-2.0 */
#include "teller.h"

#include "timestamp.h"

#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for so many bytes more and a NUL. */
static bool teller_reserve(struct teller *teller, size_t more)
{
	size_t needed = teller->length + more + 1;
	if (teller->error)
		return false;
	if (needed <= teller->capacity)
		return true;
	size_t capacity = needed < 256 ? 512 : needed * 2;
	char *text = realloc(teller->text, capacity);
	if (!text) {
		teller->error = -ENOMEM;
		return false;
	}
	teller->text = text;
	teller->capacity = capacity;
	return true;
}

static void tell_bytes(struct teller *teller, const char *text, size_t length)
{
	if (!teller_reserve(teller, length))
		return;
	memcpy(teller->text + teller->length, text, length);
	teller->length += length;
	teller->text[teller->length] = '\0';
}

void tell(struct teller *teller, const char *format, ...)
{
	char *text = NULL;
	va_list args;
	va_start(args, format);
	int length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0)
		teller->error = teller->error ? teller->error : -ENOMEM;
	else
		tell_bytes(teller, text, (size_t)length);
	if (length >= 0)
		free(text);
}

void tell_told(struct teller *teller, const struct teller *told)
{
	if (told->error && !teller->error)
		teller->error = told->error;
	if (told->length)
		tell_bytes(teller, told->text, told->length);
}

void tell_comma(struct teller *teller)
{
	char last = teller->length ? teller->text[teller->length - 1] : '[';
	if (last != '[' && last != '{')
		tell_bytes(teller, ",", 1);
}

void tell_no_comma(struct teller *teller)
{
	if (teller->length < 2 || strcmp(teller->text + teller->length - 2, ",\n") != 0)
		return;
	teller->length -= 2;
	teller->text[teller->length] = '\0';
}

void tell_key(struct teller *teller, const struct key_public *key)
{
	struct key_public other;
	int error = pseudonym_key(teller->names, key, &other);
	if (error)
		teller->error = teller->error ? teller->error : error;
	else
		tell(teller, "\"%s\"", key_public_format(&other).text);
}

void tell_id(struct teller *teller, const char *id)
{
	struct pseudonym_id other;
	int error = pseudonym_id(teller->names, id, &other);
	if (error)
		teller->error = teller->error ? teller->error : error;
	else
		tell(teller, "\"%s\"", other.text);
}

void tell_prefix(struct teller *teller, const struct prefix *prefix)
{
	struct prefix other = pseudonym_prefix(teller->names, prefix);
	tell(teller, "\"%s\"", prefix_format(&other).text);
}

void tell_time(struct teller *teller, int64_t ns)
{
	tell(teller, "\"%s\"", timestamp_format(ns).text);
}

void tell_quoted(struct teller *teller, const char *text)
{
	tell_bytes(teller, "\"", 1);
	while (*text) {
		size_t plain = strcspn(text, "\"\\");
		tell_bytes(teller, text, plain);
		text += plain;
		if (*text) {
			tell_bytes(teller, "\\", 1);
			tell_bytes(teller, text++, 1);
		}
	}
	tell_bytes(teller, "\"", 1);
}

void tell_made_up_secret(struct teller *teller, const struct key_secret *secret)
{
	char text[sodium_base64_ENCODED_LEN(KEY_BYTES, sodium_base64_VARIANT_ORIGINAL)];
	if (key_secret_is_zero(secret)) {
		tell(teller, "null");
		return;
	}
	sodium_bin2base64(
		text, sizeof text, secret->bytes, KEY_BYTES, sodium_base64_VARIANT_ORIGINAL);
	tell(teller, "\"%s\"", text);
}

void tell_peer_members(struct teller *teller, const struct peer_config *peer)
{
	tell(teller, "\"public_key\":");
	tell_key(teller, &peer->public_key);
	const struct endpoint *address = &peer->endpoint;
	if (address->kind == ENDPOINT_NAME && teller->endpoints)
		address = endpoint_memory_baseline(teller->endpoints, &peer->public_key);
	if (address && address->kind == ENDPOINT_IP) {
		struct endpoint endpoint = pseudonym_endpoint(teller->names, address);
		tell(teller, ",\"endpoint\":\"%s\"", endpoint_format(&endpoint).text);
	}
	tell(teller, ",\"allowed_ips\":[");
	for (uint32_t i = 0; i < peer->allowed_ip_count; i++) {
		tell_comma(teller);
		tell_prefix(teller, &peer->allowed_ips[i]);
	}
	tell(teller, "]");
	if (!key_secret_is_zero(&peer->psk)) {
		struct key_secret psk = pseudonym_psk(teller->names, &peer->psk);
		tell(teller, ",\"psk\":");
		tell_made_up_secret(teller, &psk);
	}
	tell(teller, ",\"persistent_keepalive\":%u", peer->persistent_keepalive_s);
}

static void tell_signing_key(struct teller *teller, const char *name, const struct key_public *key)
{
	struct pseudonym_signer signer = pseudonym_signer(teller->names, key);
	tell(teller, "\"%s\":\"%s\"", name, key_public_format(&signer.public_key).text);
	sodium_memzero(&signer, sizeof signer);
}

void tell_signing_keys(struct teller *teller, const struct signing_keys *keys)
{
	tell(teller, "{");
	tell_signing_key(teller, "current", &keys->current);
	if (keys->has_previous) {
		tell(teller, ",");
		tell_signing_key(teller, "previous", &keys->previous);
		tell(teller, ",\"transition_expires\":");
		tell_time(teller, keys->transition_expires_ns);
	}
	tell(teller, "}");
}

void teller_reset(struct teller *teller)
{
	teller->length = 0;
	teller->error = 0;
	if (teller->text)
		*teller->text = '\0';
}

void teller_clear(struct teller *teller)
{
	free(teller->text);
	*teller = (struct teller){.names = teller->names};
}
