/* SPDX-License-Identifier: Apache-2.0 */
#include "describe.h"

#include "device.h"
#include "envelope.h"
#include "state_document.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reserve(struct description *to, size_t more)
{
	if (to->length + more < to->capacity)
		return;
	to->capacity = 2 * (to->length + more) + 256;
	to->text = realloc(to->text, to->capacity);
	if (!to->text)
		abort();
}

void describe(struct description *to, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	reserve(to, (size_t)length + 1);
	va_start(arguments, format);
	vsnprintf(to->text + to->length, (size_t)length + 1, format, arguments);
	va_end(arguments);
	to->length += (size_t)length;
}

void describe_bytes(struct description *to, const void *bytes, size_t length)
{
	describe(to, "%zu:", length);
	reserve(to, length + 2);
	if (length)
		memcpy(to->text + to->length, bytes, length);
	to->length += length;
	memcpy(to->text + to->length++, "\n", 2);
}

static void describe_text(struct description *to, const char *text)
{
	if (text)
		describe_bytes(to, text, strlen(text));
	else
		describe(to, "-\n");
}

void describe_peer(struct description *to, const struct peer_config *peer)
{
	describe_text(to, peer->id);
	describe_text(to, key_public_format(&peer->public_key).text);
	describe_bytes(to, peer->psk.bytes, KEY_BYTES);
	describe(to, "%d ", peer->psk_is_hidden);
	describe(to, "endpoint %u ", peer->endpoint.kind);
	describe_text(to, endpoint_format(&peer->endpoint).text);
	for (uint32_t i = 0; i < peer->allowed_ip_count; i++)
		describe_text(to, prefix_format(&peer->allowed_ips[i]).text);
	describe(to, "keepalive %u, %lld %llu %llu\n", peer->persistent_keepalive_s,
		(long long)peer->status.last_handshake_s, (unsigned long long)peer->status.rx_bytes,
		(unsigned long long)peer->status.tx_bytes);
}

void describe_entry(struct description *to, const struct peer_entry *entry)
{
	describe_text(to, entry->id);
	describe_text(to, entry->error);
	if (entry->has_key)
		describe_text(to, key_public_format(&entry->config.public_key).text);
	if (!entry->error)
		describe_peer(to, &entry->config);
}

void describe_keys(struct description *to, const struct signing_keys *keys)
{
	describe_text(to, key_public_format(&keys->current).text);
	describe_text(to, keys->has_previous ? key_public_format(&keys->previous).text : NULL);
	describe(to, "until %lld\n", (long long)keys->transition_expires_ns);
}

void describe_state(struct description *to, const struct state_document *document)
{
	for (size_t i = 0; i < document->entry_count; i++)
		describe_entry(to, &document->entries[i]);
	describe(to, "keys %d ", document->has_signing_keys);
	describe_text(to, document->signing_keys_error);
	describe_keys(to, &document->signing_keys);
	for (size_t i = 0; i < document->unknown_member_count; i++)
		describe_text(to, document->unknown_members[i]);
}

void describe_device(struct description *to, const struct device *device)
{
	describe_text(to, key_public_format(&device->public_key).text);
	describe(to, "port %u, mark %u\n", device->listen_port, device->fwmark);
	for (size_t i = 0; i < device->peers.count; i++)
		describe_peer(to, &device->peers.peers[i]);
}

static void describe_envelope_text(struct description *to, const struct envelope_text *text)
{
	describe_bytes(to, text->text, text->length);
}

void describe_envelope(struct description *to, const struct envelope *envelope)
{
	describe_envelope_text(to, &envelope->event_type);
	describe_envelope_text(to, &envelope->event_id);
	describe_envelope_text(to, &envelope->nonce);
	describe_envelope_text(to, &envelope->payload);
	describe_envelope_text(to, &envelope->canonical);
	describe(to, "%d %lld\n", envelope->has_issued_at, (long long)envelope->issued_at_ns);
	describe(to, "%d %d ", envelope->has_signature, envelope->signature_is_sound);
	describe_bytes(to, envelope->signature,
		envelope->signature_is_sound ? sizeof envelope->signature : 0);
}

_Bool descriptions_match(struct description *a, struct description *b)
{
	_Bool match = a->length == b->length &&
		      (a->length == 0 || memcmp(a->text, b->text, a->length) == 0);
	if (!match)
		fprintf(stderr, "one:\n%s\nother:\n%s\n", a->text, b->text);
	free(a->text);
	free(b->text);
	*a = *b = (struct description){0};
	return match;
}
