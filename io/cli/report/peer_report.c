/* SPDX-License-Identifier: Apache-2.0 */
#include "peer_report.h"

#include "log_escape.h"

static struct json_object *allowed_ips_json(struct json_make *make, const struct peer_config *peer)
{
	struct json_object *array = json_make_array(make);
	for (uint32_t i = 0; i < peer->allowed_ip_count; i++)
		json_make_element(make, array,
			json_object_new_string(prefix_format(&peer->allowed_ips[i]).text));
	return array;
}

static bool peer_has_psk(const struct peer_config *peer)
{
	return peer->psk_is_hidden || !key_secret_is_zero(&peer->psk);
}

static void peer_field_make(struct json_make *make, struct json_object *object,
	const struct peer_config *peer, enum peer_field_bit bit)
{
	const char *name = peer_field_name(bit);
	bool has_endpoint = peer->endpoint.kind != ENDPOINT_NONE;
	switch (bit) {
	case PEER_FIELD_BIT_ENDPOINT:
		json_make_text(make, object, name,
			has_endpoint ? endpoint_format(&peer->endpoint).text : NULL);
		break;
	case PEER_FIELD_BIT_ALLOWED_IPS:
		json_make_member(make, object, name, allowed_ips_json(make, peer));
		break;
	case PEER_FIELD_BIT_PSK:
		json_make_member(make, object, name, json_object_new_boolean(peer_has_psk(peer)));
		break;
	case PEER_FIELD_BIT_PERSISTENT_KEEPALIVE:
		json_make_member(
			make, object, name, json_object_new_int(peer->persistent_keepalive_s));
		break;
	case PEER_FIELD_COUNT:
		break;
	}
}

void peer_fields_make(struct json_make *make, struct json_object *object,
	const struct peer_config *peer, unsigned fields)
{
	for (int bit = 0; bit < PEER_FIELD_COUNT; bit++)
		if (fields & (1u << bit))
			peer_field_make(make, object, peer, (enum peer_field_bit)bit);
}

void peer_field_print(FILE *out, const struct peer_config *peer, enum peer_field_bit bit)
{
	switch (bit) {
	case PEER_FIELD_BIT_ENDPOINT:
		line_print(out, peer->endpoint.kind == ENDPOINT_NONE
					? "none"
					: endpoint_format(&peer->endpoint).text);
		break;
	case PEER_FIELD_BIT_ALLOWED_IPS:
		if (peer->allowed_ip_count == 0)
			fputs("none", out);
		for (uint32_t i = 0; i < peer->allowed_ip_count; i++)
			fprintf(out, "%s%s", i ? "," : "",
				prefix_format(&peer->allowed_ips[i]).text);
		break;
	case PEER_FIELD_BIT_PSK:
		fputs(peer_has_psk(peer) ? "yes" : "no", out);
		break;
	case PEER_FIELD_BIT_PERSISTENT_KEEPALIVE:
		fprintf(out, "%us", peer->persistent_keepalive_s);
		break;
	case PEER_FIELD_COUNT:
		break;
	}
}
