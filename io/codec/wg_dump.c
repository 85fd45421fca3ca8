/* SPDX-License-Identifier: Apache-2.0 */
#include "wg_dump.h"

#include "diag.h"
#include "interface_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct field {
	const char *text;
	size_t length;
};

enum interface_field {
	INTERFACE_PRIVATE_KEY,
	INTERFACE_PUBLIC_KEY,
	INTERFACE_LISTEN_PORT,
	INTERFACE_FWMARK,
	INTERFACE_FIELD_COUNT
};

enum dump_peer_field {
	PEER_PUBLIC_KEY,
	PEER_PSK,
	PEER_ENDPOINT,
	PEER_ALLOWED_IPS,
	PEER_HANDSHAKE,
	PEER_RX,
	PEER_TX,
	PEER_KEEPALIVE,
	PEER_FIELD_TOTAL
};

/* The state of parsing a dump. */
struct dump {
	const char *interface;   /* the name to select */
	bool is_of_all;          /* each line begins with the name of its interface */
	bool has_interface;      /* its own line was read */
	struct diag other_names; /* of interfaces that were skipped */
	struct device device;
	struct wg_dump_notes notes;
};

static bool field_is(struct field field, const char *text)
{
	return field.length == strlen(text) && memcmp(field.text, text, field.length) == 0;
}

/* Return the text up to `separator`, or the rest of the line, and move past the separator. */
static struct field field_next(const char **at, const char *end, char separator)
{
	/* `*at` is never NULL. NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
	const char *stop = memchr(*at, separator, (size_t)(end - *at));
	struct field field = {.text = *at, .length = (size_t)((stop ? stop : end) - *at)};
	*at = stop ? stop + 1 : end;
	return field;
}

static size_t fields_count(struct field line)
{
	size_t count = 1;
	for (size_t i = 0; i < line.length; i++)
		count += line.text[i] == '\t';
	return count;
}

/* Split a line into exactly `count` fields. */
static int fields_split(struct field line, struct field *fields, size_t count, struct diag *diag)
{
	if (fields_count(line) != count)
		return diag_fail(diag, -EINVAL, "%zu fields between tabs, expected %zu",
			fields_count(line), count);
	const char *at = line.text;
	for (size_t i = 0; i < count; i++)
		fields[i] = field_next(&at, line.text + line.length, '\t');
	return 0;
}

static int dump_number_parse(
	struct field field, uint64_t max, const char *name, uint64_t *ret, struct diag *diag)
{
	uint64_t value = 0;
	bool good = field.length > 0 && field.length <= 20;
	for (size_t i = 0; good && i < field.length; i++) {
		unsigned digit = (unsigned)field.text[i] - '0';
		good = digit <= 9 && value <= (max - digit) / 10;
		value = value * 10 + digit;
	}
	if (!good)
		return diag_fail(diag, -EINVAL, "%s: %s: not a number up to %llu", name,
			quote(field.text, field.length).text, (unsigned long long)max);
	*ret = value;
	return 0;
}

/* Parse "off", or hexadecimal after 0x. */
static int mark_parse(struct field field, uint32_t *ret, struct diag *diag)
{
	static const char hex[] = "0123456789abcdef";
	uint32_t value = 0;
	bool good = field.length > 2 && field.length <= 10 && memcmp(field.text, "0x", 2) == 0;
	for (size_t i = 2; good && i < field.length; i++) {
		const char *digit = memchr(hex, field.text[i], 16);
		good = digit != NULL;
		value = value << 4 | (good ? (uint32_t)(digit - hex) : 0);
	}
	if (!good && !field_is(field, "off"))
		return diag_fail(diag, -EINVAL, "fwmark: %s: neither off nor hexadecimal",
			quote(field.text, field.length).text);
	*ret = good ? value : 0;
	return 0;
}

/* Count an invalid value that a peer or the device chose, and keep the error of the first. */
static void note_unusable(
	struct dump *dump, size_t line_number, const char *name, struct field field)
{
	if (dump->notes.unusable_count++ == 0)
		(void)diag_fail(&dump->notes.first_unusable, -EINVAL, "line %zu: %s: %s",
			line_number, name, quote(field.text, field.length).text);
}

/* Parse a counter of the device; an invalid one is 0. */
static uint64_t counter_parse(
	struct dump *dump, size_t line_number, struct field field, uint64_t max, const char *name)
{
	uint64_t value = 0;
	if (dump_number_parse(field, max, name, &value, NULL) != 0)
		note_unusable(dump, line_number, name, field);
	return value;
}

static int interface_parse(struct dump *dump, struct field line, struct diag *diag)
{
	struct device *device = &dump->device;
	struct field fields[INTERFACE_FIELD_COUNT] = {0};
	uint64_t port = 0;
	int error = fields_split(line, fields, INTERFACE_FIELD_COUNT, diag);
	if (error)
		return error;
	struct field key = fields[INTERFACE_PUBLIC_KEY];
	dump->notes.public_key_is_hidden = field_is(key, "(hidden)");
	if (!field_is(key, "(none)") && !dump->notes.public_key_is_hidden) {
		error = key_public_parse(key.text, key.length, &device->public_key, diag);
		if (error)
			return diag_wrap(diag, error, "public-key");
	}
	error = dump_number_parse(
		fields[INTERFACE_LISTEN_PORT], UINT16_MAX, "listen-port", &port, diag);
	device->listen_port = error ? 0 : (uint16_t)port;
	return error ? error : mark_parse(fields[INTERFACE_FWMARK], &device->fwmark, diag);
}

static int allowed_ips_parse(
	struct field field, struct prefix **ret, struct peer_config *peer, struct diag *diag)
{
	if (field_is(field, "(none)"))
		return 0;
	size_t count = 1;
	for (size_t i = 0; i < field.length; i++)
		count += field.text[i] == ',';
	struct prefix *prefixes = calloc(count, sizeof *prefixes);
	if (!prefixes)
		return diag_fail_errno(diag, -ENOMEM);
	const char *at = field.text;
	for (size_t i = 0; i < count; i++) {
		struct field one = field_next(&at, field.text + field.length, ',');
		int error = prefix_parse(one.text, one.length, &prefixes[i], diag);
		if (error) {
			free(prefixes);
			return diag_wrap(diag, error, "allowed-ips");
		}
	}
	*ret = prefixes;
	peer->allowed_ips = prefixes;
	peer->allowed_ip_count = (uint32_t)prefixes_normalize(prefixes, count);
	return 0;
}

static int psk_parse(
	struct dump *dump, struct field field, struct peer_config *peer, struct diag *diag)
{
	if (field_is(field, "(none)"))
		return 0;
	peer->psk_is_hidden = field_is(field, "(hidden)");
	dump->notes.hidden_psk_count += peer->psk_is_hidden;
	if (peer->psk_is_hidden)
		return 0;
	int error = key_secret_parse(field.text, field.length, &peer->psk, diag);
	return error ? diag_wrap(diag, error, "preshared-key") : 0;
}

static int keepalive_parse(struct field field, struct peer_config *peer, struct diag *diag)
{
	uint64_t seconds = 0;
	int error = 0;
	if (!field_is(field, "off"))
		error = dump_number_parse(
			field, UINT16_MAX, "persistent-keepalive", &seconds, diag);
	peer->persistent_keepalive_s = (uint16_t)seconds;
	return error;
}

/* Parse the peer's endpoint, last handshake and byte counts. */
static void status_parse(struct dump *dump, size_t line_number, const struct field *fields,
	char *host, struct peer_config *peer)
{
	struct field endpoint = fields[PEER_ENDPOINT];
	if (!field_is(endpoint, "(none)"))
		peer->endpoint = endpoint_from_device(endpoint.text, endpoint.length, host);
	if (peer->endpoint.kind == ENDPOINT_UNUSABLE)
		note_unusable(dump, line_number, "endpoint", endpoint);
	peer->status = (struct peer_status){
		.last_handshake_s = (int64_t)counter_parse(
			dump, line_number, fields[PEER_HANDSHAKE], INT64_MAX, "latest-handshake"),
		.rx_bytes = counter_parse(
			dump, line_number, fields[PEER_RX], UINT64_MAX, "transfer-rx"),
		.tx_bytes = counter_parse(
			dump, line_number, fields[PEER_TX], UINT64_MAX, "transfer-tx"),
	};
}

static int peer_parse(struct dump *dump, struct field line, size_t line_number, struct diag *diag)
{
	struct field fields[PEER_FIELD_TOTAL] = {0};
	struct peer_config peer = {0};
	struct prefix *prefixes = NULL;
	char host[ENDPOINT_HOST_MAX + 1];
	int error = fields_split(line, fields, PEER_FIELD_TOTAL, diag);
	if (error)
		return error;
	error = key_public_parse(fields[PEER_PUBLIC_KEY].text, fields[PEER_PUBLIC_KEY].length,
		&peer.public_key, diag);
	if (error)
		return diag_wrap(diag, error, "public-key");
	error = psk_parse(dump, fields[PEER_PSK], &peer, diag);
	if (!error)
		error = keepalive_parse(fields[PEER_KEEPALIVE], &peer, diag);
	if (!error)
		error = allowed_ips_parse(fields[PEER_ALLOWED_IPS], &prefixes, &peer, diag);
	if (!error) {
		status_parse(dump, line_number, fields, host, &peer);
		error = peer_table_append(&dump->device.peers, &peer);
		if (error)
			diag_fail_errno(diag, error);
	}
	free(prefixes);
	key_secret_wipe(&peer.psk);
	return error;
}

/* Skip a line of another interface; note the name if it is the interface's own line. */
static int other_line_take(
	struct dump *dump, struct field name, struct field rest, struct diag *diag)
{
	size_t count = fields_count(rest);
	if (count != INTERFACE_FIELD_COUNT && count != PEER_FIELD_TOTAL)
		return diag_fail(diag, -EINVAL,
			"%zu fields between tabs after the first, expected %d or %d", count,
			INTERFACE_FIELD_COUNT, PEER_FIELD_TOTAL);
	/* An invalid interface name could be a misplaced secret: do not quote it. */
	if (count == INTERFACE_FIELD_COUNT && interface_name_is_valid(name.text, name.length))
		(void)diag_add(
			&dump->other_names, -EINVAL, "%s", quote(name.text, name.length).text);
	return 0;
}

static int dump_line_take(
	struct dump *dump, struct field line, size_t line_number, struct diag *diag)
{
	if (dump->is_of_all) {
		const char *at = line.text, *end = line.text + line.length;
		struct field name = field_next(&at, end, '\t');
		line = (struct field){.text = at, .length = (size_t)(end - at)};
		if (!field_is(name, dump->interface))
			return other_line_take(dump, name, line, diag);
	}
	if (dump->has_interface)
		return peer_parse(dump, line, line_number, diag);
	dump->has_interface = true;
	return interface_parse(dump, line, diag);
}

static int lines_take(struct dump *dump, const char *text, size_t length, struct diag *diag)
{
	const char *at = text, *end = text + length;
	int error = 0;
	bool is_first = true;
	for (size_t number = 1; at < end && !error; number++) {
		struct field line = field_next(&at, end, '\n');
		line.length -= line.length && line.text[line.length - 1] == '\r';
		if (line.length == 0)
			continue;
		if (is_first)
			dump->is_of_all = fields_count(line) == 1 + INTERFACE_FIELD_COUNT;
		is_first = false;
		error = dump_line_take(dump, line, number, diag);
		if (error)
			diag_wrap(diag, error, "line %zu", number);
	}
	if (!error && is_first)
		error = diag_fail(
			diag, -EINVAL, "empty, where a dump has a line for the interface");
	return error;
}

int wg_dump_parse(const char *text, size_t length, const char *interface, struct device *ret,
	struct wg_dump_notes *ret_notes, struct diag *diag)
{
	struct dump dump = {.interface = interface};
	int error = lines_take(&dump, text, length, diag);
	if (!error && !dump.has_interface)
		error = diag_fail(diag, -EINVAL, "it has no interface %s (--interface chooses)%s%s",
			interface, dump.other_names.length ? ", but: " : "",
			dump.other_names.length ? diag_text(&dump.other_names) : "");
	if (!error)
		error = peer_table_seal(&dump.device.peers, diag);
	if (error == PEER_TABLE_DUPLICATE)
		error = -EINVAL;
	diag_clear(&dump.other_names);
	if (error) {
		device_clear(&dump.device);
		wg_dump_notes_clear(&dump.notes);
		return error;
	}
	*ret = dump.device;
	*ret_notes = dump.notes;
	return 0;
}

void wg_dump_notes_clear(struct wg_dump_notes *notes)
{
	diag_clear(&notes->first_unusable);
}
