#include "peer_report.h"

#include "diag.h"

#include <string.h>

static struct json_object *allowed_ips_json(const struct peer_config *peer)
{
	struct json_object *array = json_object_new_array_ext((int)peer->allowed_ip_count);
	for (uint32_t i = 0; array && i < peer->allowed_ip_count; i++)
		json_object_array_add(
			array, json_object_new_string(prefix_format(&peer->allowed_ips[i]).text));
	return array;
}

struct json_object *peer_field_json(const struct peer_config *peer, enum peer_field_bit bit)
{
	switch (bit) {
	case PEER_FIELD_BIT_ENDPOINT:
		if (peer->endpoint.kind == ENDPOINT_NONE)
			return NULL;
		return json_object_new_string(endpoint_format(&peer->endpoint).text);
	case PEER_FIELD_BIT_ALLOWED_IPS:
		return allowed_ips_json(peer);
	case PEER_FIELD_BIT_PSK:
		return json_object_new_boolean(!key_secret_is_zero(&peer->psk));
	case PEER_FIELD_BIT_PERSISTENT_KEEPALIVE:
		return json_object_new_int(peer->persistent_keepalive_s);
	case PEER_FIELD_COUNT:
		break;
	}
	return NULL;
}

struct json_object *peer_fields_json(const struct peer_config *peer, unsigned fields)
{
	struct json_object *object = json_object_new_object();
	for (int bit = 0; object && bit < PEER_FIELD_COUNT; bit++)
		if (fields & (1u << bit))
			json_object_object_add(object, peer_field_name((enum peer_field_bit)bit),
				peer_field_json(peer, (enum peer_field_bit)bit));
	return object;
}

void peer_field_print(FILE *out, const struct peer_config *peer, enum peer_field_bit bit)
{
	switch (bit) {
	case PEER_FIELD_BIT_ENDPOINT:
		fputs(peer->endpoint.kind == ENDPOINT_NONE ? "none"
							   : endpoint_format(&peer->endpoint).text,
			out);
		break;
	case PEER_FIELD_BIT_ALLOWED_IPS:
		if (peer->allowed_ip_count == 0)
			fputs("none", out);
		for (uint32_t i = 0; i < peer->allowed_ip_count; i++)
			fprintf(out, "%s%s", i ? "," : "",
				prefix_format(&peer->allowed_ips[i]).text);
		break;
	case PEER_FIELD_BIT_PSK:
		fputs(key_secret_is_zero(&peer->psk) ? "no" : "yes", out);
		break;
	case PEER_FIELD_BIT_PERSISTENT_KEEPALIVE:
		fprintf(out, "%us", peer->persistent_keepalive_s);
		break;
	case PEER_FIELD_COUNT:
		break;
	}
}

void text_print(FILE *out, const char *text)
{
	bool plain = *text != '\0';
	for (const char *at = text; *at && plain; at++)
		plain = (unsigned char)*at > ' ' && *at != 0x7f && *at != '"';
	fputs(plain ? text : quote(text, strlen(text)).text, out);
}
