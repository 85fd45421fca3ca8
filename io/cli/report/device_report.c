/* SPDX-License-Identifier: Apache-2.0 */
#include "device_report.h"

#include "log_escape.h"
#include "peer_report.h"
#include "timestamp.h"

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
			? timestamp_format(timestamp_from_s(peer->status.last_handshake_s)).text
			: "never");
	fprintf(out, "  rx_bytes: %" PRIu64 "\n  tx_bytes: %" PRIu64 "\n", peer->status.rx_bytes,
		peer->status.tx_bytes);
}

void device_print(
	FILE *out, const char *interface, const char *controller, const struct device *device)
{
	bool has_key = !key_public_is_zero(&device->public_key);
	fputs("interface: ", out);
	line_print(out, interface);
	fprintf(out, "\ncontroller: %s\npublic_key: %s\nlisten_port: %u\n", controller,
		has_key ? key_public_format(&device->public_key).text : "none",
		device->listen_port);
	fprintf(out, "mtu: %d\nup: %s\naddresses:", device->mtu, device->up ? "yes" : "no");
	for (size_t i = 0; i < device->address_count; i++)
		fprintf(out, " %s", prefix_format(&device->addresses[i]).text);
	fputc('\n', out);
	for (size_t i = 0; i < device->peers.count; i++)
		peer_print(out, &device->peers.peers[i]);
}

static struct json_object *peer_json(struct json_make *make, const struct peer_config *peer)
{
	struct json_object *object = json_make_object(make);
	int64_t handshake_s = peer->status.last_handshake_s;
	json_make_text(make, object, "public_key", key_public_format(&peer->public_key).text);
	peer_fields_make(make, object, peer, PEER_FIELDS_ALL);
	json_make_text(make, object, "last_handshake",
		handshake_s ? timestamp_format(timestamp_from_s(handshake_s)).text : NULL);
	json_make_member(make, object, "rx_bytes", json_object_new_uint64(peer->status.rx_bytes));
	json_make_member(make, object, "tx_bytes", json_object_new_uint64(peer->status.tx_bytes));
	return object;
}

int device_print_json(
	FILE *out, const char *interface, const char *controller, const struct device *device)
{
	struct json_make make = {0};
	struct json_object *object = json_make_object(&make);
	struct json_object *addresses = json_make_array(&make);
	struct json_object *peers = json_make_array(&make);
	bool has_key = !key_public_is_zero(&device->public_key);
	for (size_t i = 0; i < device->address_count; i++)
		json_make_element(&make, addresses,
			json_object_new_string(prefix_format(&device->addresses[i]).text));
	for (size_t i = 0; i < device->peers.count; i++)
		json_make_element(&make, peers, peer_json(&make, &device->peers.peers[i]));
	json_make_member(&make, object, "version", json_object_new_int(1));
	json_make_text(&make, object, "interface", interface);
	json_make_text(&make, object, "controller", controller);
	json_make_text(&make, object, "public_key",
		has_key ? key_public_format(&device->public_key).text : NULL);
	json_make_member(&make, object, "listen_port", json_object_new_int(device->listen_port));
	json_make_member(&make, object, "mtu", json_object_new_int(device->mtu));
	json_make_member(&make, object, "up", json_object_new_boolean(device->up));
	json_make_member(&make, object, "addresses", addresses);
	json_make_member(&make, object, "peers", peers);
	return json_make_print(&make, object, out);
}
