/*
 * `wg show NAME dump`: what was read can be written and read again as the same, a dump whose end
 * was cut within a line is refused, and no error holds a private or preshared key.
 */
#include "describe.h"
#include "device.h"
#include "diag.h"
#include "fuzz.h"
#include "wg_dump.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static const char *secret_format(const struct key_secret *key, char ret[static 45])
{
	if (key_secret_is_zero(key))
		return "(none)";
	return sodium_bin2base64(ret, 45, key->bytes, KEY_BYTES, sodium_base64_VARIANT_ORIGINAL);
}

static void put_peer(struct description *to, const struct peer_config *peer)
{
	char psk[45];
	bool has_endpoint = peer->endpoint.kind != ENDPOINT_NONE;
	describe(to, "%s\t%s\t%s\t", key_public_format(&peer->public_key).text,
		secret_format(&peer->psk, psk),
		has_endpoint ? endpoint_format(&peer->endpoint).text : "(none)");
	for (uint32_t i = 0; i < peer->allowed_ip_count; i++)
		describe(to, "%s%s", i ? "," : "", prefix_format(&peer->allowed_ips[i]).text);
	describe(to, "%s\t%lld\t%llu\t%llu\t", peer->allowed_ip_count ? "" : "(none)",
		(long long)peer->status.last_handshake_s, (unsigned long long)peer->status.rx_bytes,
		(unsigned long long)peer->status.tx_bytes);
	if (peer->persistent_keepalive_s)
		describe(to, "%u\n", peer->persistent_keepalive_s);
	else
		describe(to, "off\n");
}

static void round_trip(const struct device *device)
{
	struct description dump = {0}, a = {0}, b = {0};
	struct device again;
	bool has_key = !key_public_is_zero(&device->public_key);
	describe(&dump, "(none)\t%s\t%u\t",
		has_key ? key_public_format(&device->public_key).text : "(none)",
		device->listen_port);
	if (device->fwmark)
		describe(&dump, "0x%x\n", device->fwmark);
	else
		describe(&dump, "off\n");
	for (size_t i = 0; i < device->peers.count; i++)
		put_peer(&dump, &device->peers.peers[i]);
	FUZZ_HOLDS(wg_dump_parse(dump.text, dump.length, &again, NULL) == 0);
	describe_device(&a, device);
	describe_device(&b, &again);
	FUZZ_HOLDS(descriptions_match(&a, &b));
	FUZZ_HOLDS(wg_dump_parse(dump.text, dump.length - 1, &again, NULL) == -EINVAL);
	device_clear(&again);
	free(dump.text);
}

/* Each secret in the input is where `wg` prints one: first in the first line, else second. */
static bool has_secret(const char *text, size_t length)
{
	struct fuzz_part rest = {text, length};
	bool found = false;
	for (size_t line_number = 0; rest.length; line_number++) {
		struct fuzz_part line = fuzz_cut(&rest, "\n");
		for (size_t place = 0; line.length; place++) {
			struct fuzz_part field = fuzz_cut(&line, "\t");
			if (!field.length || !memmem(field.text, field.length, FUZZ_SECRET,
						     sizeof FUZZ_SECRET - 1))
				continue;
			if (place != (line_number == 0 ? 0 : 1))
				return false;
			found = true;
		}
	}
	return found;
}

void fuzz_one(const char *text, size_t length)
{
	struct diag diag = {0};
	struct device device = {.mtu = 7};
	int error = wg_dump_parse(text, length, &device, &diag);
	if (error) {
		FUZZ_HOLDS(device.mtu == 7 && *diag_text(&diag));
		if (has_secret(text, length))
			FUZZ_HOLDS(!fuzz_says_secret(diag_text(&diag)));
	} else {
		round_trip(&device);
		device_clear(&device);
	}
	diag_clear(&diag);
}
