#include "device_report.h"

#include "peer_report.h"
#include "timestamp.h"

#include <errno.h>
#include <inttypes.h>

static void peer_print(FILE *out, const struct peer_config *peer)
{
	fprintf(out, "\npeer: %s\n", key_public_format(&peer->public_key).text);
	for (int i = 0; i < PEER_FIELD_COUNT; i++) {
		enum peer_field_bit bit = (enum peer_field_bit)i;
		fprintf(out, "  %s: ", peer_field_name(bit));
		peer_field_print(out, peer, bit);
		fputc('\n', out);
	}
	fprintf(out, "  last_handshake: %s\n",
		peer->status.last_handshake_s
			? timestamp_format(peer->status.last_handshake_s * NS_PER_S).text
			: "never");
	fprintf(out, "  rx_bytes: %" PRIu64 "\n  tx_bytes: %" PRIu64 "\n", peer->status.rx_bytes,
		peer->status.tx_bytes);
}

void device_print(
	FILE *out, const char *interface, const char *controller, const struct device *device)
{
	bool has_key = !key_public_is_zero(&device->public_key);
	fprintf(out, "interface: %s\ncontroller: %s\npublic_key: %s\nlisten_port: %u\n", interface,
		controller, has_key ? key_public_format(&device->public_key).text : "none",
		device->listen_port);
	fprintf(out, "mtu: %d\nup: %s\naddresses:", device->mtu, device->up ? "yes" : "no");
	for (size_t i = 0; i < device->address_count; i++)
		fprintf(out, " %s", prefix_format(&device->addresses[i]).text);
	fputc('\n', out);
	for (size_t i = 0; i < device->peers.count; i++)
		peer_print(out, &device->peers.peers[i]);
}

static struct json_object *peer_json(const struct peer_config *peer)
{
	struct json_object *object = json_object_new_object();
	if (!object)
		return NULL;
	json_object_object_add(object, "public_key",
		json_object_new_string(key_public_format(&peer->public_key).text));
	for (int i = 0; i < PEER_FIELD_COUNT; i++) {
		enum peer_field_bit bit = (enum peer_field_bit)i;
		json_object_object_add(object, peer_field_name(bit), peer_field_json(peer, bit));
	}
	int64_t handshake_s = peer->status.last_handshake_s;
	json_object_object_add(object, "last_handshake",
		handshake_s ? json_object_new_string(timestamp_format(handshake_s * NS_PER_S).text)
			    : NULL);
	json_object_object_add(object, "rx_bytes", json_object_new_uint64(peer->status.rx_bytes));
	json_object_object_add(object, "tx_bytes", json_object_new_uint64(peer->status.tx_bytes));
	return object;
}

int device_print_json(
	FILE *out, const char *interface, const char *controller, const struct device *device)
{
	struct json_object *object = json_object_new_object();
	struct json_object *addresses = json_object_new_array();
	struct json_object *peers = json_object_new_array();
	if (!object || !addresses || !peers) {
		json_object_put(object);
		json_object_put(addresses);
		json_object_put(peers);
		return -ENOMEM;
	}
	for (size_t i = 0; i < device->address_count; i++)
		json_object_array_add(addresses,
			json_object_new_string(prefix_format(&device->addresses[i]).text));
	for (size_t i = 0; i < device->peers.count; i++)
		json_object_array_add(peers, peer_json(&device->peers.peers[i]));
	bool has_key = !key_public_is_zero(&device->public_key);
	json_object_object_add(object, "version", json_object_new_int(1));
	json_object_object_add(object, "interface", json_object_new_string(interface));
	json_object_object_add(object, "controller", json_object_new_string(controller));
	json_object_object_add(object, "public_key",
		has_key ? json_object_new_string(key_public_format(&device->public_key).text)
			: NULL);
	json_object_object_add(object, "listen_port", json_object_new_int(device->listen_port));
	json_object_object_add(object, "mtu", json_object_new_int(device->mtu));
	json_object_object_add(object, "up", json_object_new_boolean(device->up));
	json_object_object_add(object, "addresses", addresses);
	json_object_object_add(object, "peers", peers);
	const char *text = json_object_to_json_string_ext(
		object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		fprintf(out, "%s\n", text);
	json_object_put(object);
	return text ? 0 : -ENOMEM;
}
