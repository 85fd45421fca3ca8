/* SPDX-License-Identifier: Apache-2.0 */
#include "peer_text.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static void put_psk(struct canonical_writer *writer, const struct key_secret *psk)
{
	char text[sodium_base64_ENCODED_LEN(KEY_BYTES, sodium_base64_VARIANT_ORIGINAL)];
	sodium_bin2base64(text, sizeof text, psk->bytes, KEY_BYTES, sodium_base64_VARIANT_ORIGINAL);
	canonical_put_text(writer, ",\"psk\":");
	canonical_put_text_string(writer, text);
	sodium_memzero(text, sizeof text);
}

void peer_text_put(struct canonical_writer *writer, const struct peer_config *peer)
{
	char keepalive[48];
	canonical_put_text(writer, "{");
	if (peer->id) {
		canonical_put_text(writer, "\"id\":");
		canonical_put_text_string(writer, peer->id);
		canonical_put_text(writer, ",");
	}
	canonical_put_text(writer, "\"public_key\":");
	canonical_put_text_string(writer, key_public_format(&peer->public_key).text);
	if (peer->endpoint.kind != ENDPOINT_NONE) {
		canonical_put_text(writer, ",\"endpoint\":");
		canonical_put_text_string(writer, endpoint_format(&peer->endpoint).text);
	}
	canonical_put_text(writer, ",\"allowed_ips\":[");
	for (uint32_t i = 0; i < peer->allowed_ip_count; i++) {
		canonical_put_text(writer, i ? "," : "");
		canonical_put_text_string(writer, prefix_format(&peer->allowed_ips[i]).text);
	}
	canonical_put_text(writer, "]");
	if (!key_secret_is_zero(&peer->psk))
		put_psk(writer, &peer->psk);
	snprintf(keepalive, sizeof keepalive, ",\"persistent_keepalive\":%u}",
		peer->persistent_keepalive_s);
	canonical_put_text(writer, keepalive);
}
