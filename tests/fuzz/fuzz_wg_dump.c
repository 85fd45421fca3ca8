/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `wg show NAME dump`, and that of all: what was read can be written in either form, with either
 * end of line, and read again as the same; one whose last line is cut before its last field is
 * rejected; and no error, also of unusable values, contains a private or preshared key.
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

#define NAME "wg0"

static const char *secret_format(const struct key_secret *key, char ret[static 45])
{
	if (key_secret_is_zero(key))
		return "(none)";
	return sodium_bin2base64(ret, 45, key->bytes, KEY_BYTES, sodium_base64_VARIANT_ORIGINAL);
}

/* The format of a dump. */
struct form {
	const char *name; /* the first field of each line */
	const char *end;  /* the end of each line */
};

static void put_peer(
	struct description *to, const struct form *form, const struct peer_config *peer)
{
	char psk[45];
	bool has_endpoint = peer->endpoint.kind != ENDPOINT_NONE;
	describe(to, "%s%s\t%s\t%s\t", form->name, key_public_format(&peer->public_key).text,
		peer->psk_is_hidden ? "(hidden)" : secret_format(&peer->psk, psk),
		has_endpoint ? endpoint_format(&peer->endpoint).text : "(none)");
	for (uint32_t i = 0; i < peer->allowed_ip_count; i++)
		describe(to, "%s%s", i ? "," : "", prefix_format(&peer->allowed_ips[i]).text);
	describe(to, "%s\t%lld\t%llu\t%llu\t", peer->allowed_ip_count ? "" : "(none)",
		(long long)peer->status.last_handshake_s, (unsigned long long)peer->status.rx_bytes,
		(unsigned long long)peer->status.tx_bytes);
	if (peer->persistent_keepalive_s)
		describe(to, "%u%s", peer->persistent_keepalive_s, form->end);
	else
		describe(to, "off%s", form->end);
}

static void put_device(struct description *to, const struct form *form, const struct device *device,
	bool key_is_hidden)
{
	bool has_key = !key_public_is_zero(&device->public_key);
	describe(to, "%s(none)\t%s\t%u\t", form->name,
		has_key         ? key_public_format(&device->public_key).text
		: key_is_hidden ? "(hidden)"
				: "(none)",
		device->listen_port);
	if (device->fwmark)
		describe(to, "0x%x%s", device->fwmark, form->end);
	else
		describe(to, "off%s", form->end);
	for (size_t i = 0; i < device->peers.count; i++)
		put_peer(to, form, &device->peers.peers[i]);
}

static void round_trip(
	const struct device *device, const struct wg_dump_notes *notes, const struct form *form)
{
	struct description dump = {0}, a = {0}, b = {0};
	struct device again;
	struct wg_dump_notes same;
	if (*form->name)
		describe(&dump, "wg9\t\t(none)\t1\toff%s", form->end);
	put_device(&dump, form, device, notes->public_key_is_hidden);
	size_t end = strlen(form->end);
	for (size_t cut = 0; cut <= end; cut++) {
		a = b = (struct description){0};
		FUZZ_HOLDS(wg_dump_parse(dump.text, dump.length - cut, NAME, &again, &same, NULL) ==
			   0);
		FUZZ_HOLDS(same.hidden_psk_count == notes->hidden_psk_count);
		FUZZ_HOLDS(same.public_key_is_hidden == notes->public_key_is_hidden);
		describe_device(&a, device);
		describe_device(&b, &again);
		FUZZ_HOLDS(descriptions_match(&a, &b));
		device_clear(&again);
		wg_dump_notes_clear(&same);
	}
	size_t tab = (size_t)((char *)memrchr(dump.text, '\t', dump.length) - dump.text);
	FUZZ_HOLDS(wg_dump_parse(dump.text, tab, NAME, &again, &same, NULL) == -EINVAL);
	free(dump.text);
}

static size_t fields_count(struct fuzz_part line)
{
	size_t count = 1;
	for (size_t i = 0; i < line.length; i++)
		count += line.text[i] == '\t';
	return count;
}

/*
 * Each secret in the input is where `wg` prints one: first in the line of the interface, second in
 * that of a peer, and after the name in a dump of all.
 */
static bool has_secret(const char *text, size_t length)
{
	struct fuzz_part rest = {text, length};
	bool found = false, is_first = true, is_of_all = false;
	while (rest.length) {
		struct fuzz_part line = fuzz_cut(&rest, "\n");
		size_t count = fields_count(line);
		if (line.length == 0 || (line.length == 1 && *line.text == '\r'))
			continue;
		if (is_first)
			is_of_all = count == 5;
		bool is_interface = is_of_all ? count == 5 : is_first;
		size_t right_place = (is_interface ? 0 : 1) + is_of_all;
		is_first = false;
		for (size_t place = 0; line.length; place++) {
			struct fuzz_part field = fuzz_cut(&line, "\t");
			if (!field.length || !memmem(field.text, field.length, FUZZ_SECRET,
						     sizeof FUZZ_SECRET - 1))
				continue;
			if (place != right_place)
				return false;
			found = true;
		}
	}
	return found;
}

void fuzz_one(const char *text, size_t length)
{
	static const struct form forms[] = {
		{"", "\n"}, {"", "\r\n"}, {NAME "\t", "\n"}, {NAME "\t", "\r\n"}};
	struct diag diag = {0};
	struct device device = {.mtu = 7};
	struct wg_dump_notes notes = {.hidden_psk_count = 7};
	bool says_secrets = has_secret(text, length);
	int error = wg_dump_parse(text, length, NAME, &device, &notes, &diag);
	if (error) {
		FUZZ_HOLDS(error == -EINVAL && *diag_text(&diag));
		FUZZ_HOLDS(device.mtu == 7 && notes.hidden_psk_count == 7);
		FUZZ_HOLDS(!says_secrets || !fuzz_says_secret(diag_text(&diag)));
	} else {
		FUZZ_HOLDS(!notes.unusable_count == !notes.first_unusable.length);
		FUZZ_HOLDS(!says_secrets || !fuzz_says_secret(diag_text(&notes.first_unusable)));
		for (size_t i = 0; i < sizeof forms / sizeof *forms && !notes.unusable_count; i++)
			round_trip(&device, &notes, &forms[i]);
		device_clear(&device);
		wg_dump_notes_clear(&notes);
	}
	diag_clear(&diag);
}
