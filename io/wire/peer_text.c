/* SPDX-License-Identifier: Apache-2.0 */
#include "peer_text.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static void bytes_put(struct canonical_writer *writer, const char *text)
{
	canonical_put(writer, text, strlen(text));
}

static void peer_put_string(struct canonical_writer *writer, const char *text)
{
	canonical_put_string(writer, text, strlen(text));
}

static void put_psk(struct canonical_writer *writer, const struct key_secret *psk)
{
	char text[sodium_base64_ENCODED_LEN(KEY_BYTES, sodium_base64_VARIANT_ORIGINAL)];
	sodium_bin2base64(text, sizeof text, psk->bytes, KEY_BYTES, sodium_base64_VARIANT_ORIGINAL);
	bytes_put(writer, ",\"psk\":");
	peer_put_string(writer, text);
	sodium_memzero(text, sizeof text);
}

void peer_text_put(struct canonical_writer *writer, const struct peer_config *peer)
{
	char keepalive[48];
	bytes_put(writer, "{");
	if (peer->id) {
		bytes_put(writer, "\"id\":");
		peer_put_string(writer, peer->id);
		bytes_put(writer, ",");
	}
	bytes_put(writer, "\"public_key\":");
	peer_put_string(writer, key_public_format(&peer->public_key).text);
	if (peer->endpoint.kind != ENDPOINT_NONE) {
		bytes_put(writer, ",\"endpoint\":");
		peer_put_string(writer, endpoint_format(&peer->endpoint).text);
	}
	bytes_put(writer, ",\"allowed_ips\":[");
	for (uint32_t i = 0; i < peer->allowed_ip_count; i++) {
		bytes_put(writer, i ? "," : "");
		peer_put_string(writer, prefix_format(&peer->allowed_ips[i]).text);
	}
	bytes_put(writer, "]");
	if (!key_secret_is_zero(&peer->psk))
		put_psk(writer, &peer->psk);
	snprintf(keepalive, sizeof keepalive, ",\"persistent_keepalive\":%u}",
		peer->persistent_keepalive_s);
	bytes_put(writer, keepalive);
}
