#include "wg_dump.h"

#include "diag.h"

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

static bool field_is(struct field field, const char *text)
{
	return field.length == strlen(text) && memcmp(field.text, text, field.length) == 0;
}

/* Up to `separator`, which is passed over; the rest of the line if there is none. */
static struct field field_next(const char **at, const char *end, char separator)
{
	/* A field is text of the dump. NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
	const char *stop = memchr(*at, separator, (size_t)(end - *at));
	struct field field = {.text = *at, .length = (size_t)((stop ? stop : end) - *at)};
	*at = stop ? stop + 1 : end;
	return field;
}

/* Exactly `count` fields between tabs. */
static int fields_split(struct field line, struct field *fields, size_t count, struct diag *diag)
{
	size_t tabs = 0;
	for (size_t i = 0; i < line.length; i++)
		tabs += line.text[i] == '\t';
	if (tabs + 1 != count)
		return diag_fail(diag, -EINVAL, "%zu fields between tabs, there should be %zu",
			tabs + 1, count);
	const char *at = line.text;
	for (size_t i = 0; i < count; i++)
		fields[i] = field_next(&at, line.text + line.length, '\t');
	return 0;
}

static int number_parse(
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

/* "off", or hexadecimal after 0x. */
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

static int interface_parse(struct field line, struct device *device, struct diag *diag)
{
	struct field fields[INTERFACE_FIELD_COUNT] = {0};
	uint64_t port = 0;
	int error = fields_split(line, fields, INTERFACE_FIELD_COUNT, diag);
	if (error)
		return error;
	struct field key = fields[INTERFACE_PUBLIC_KEY];
	if (!field_is(key, "(none)")) {
		error = key_public_parse(key.text, key.length, &device->public_key, diag);
		if (error)
			return diag_wrap(diag, error, "public-key");
	}
	error = number_parse(fields[INTERFACE_LISTEN_PORT], UINT16_MAX, "listen-port", &port, diag);
	device->listen_port = error ? 0 : (uint16_t)port;
	return error ? error : mark_parse(fields[INTERFACE_FWMARK], &device->fwmark, diag);
}

static int endpoint_field_parse(
	struct field field, char *host, struct peer_config *peer, struct diag *diag)
{
	if (field_is(field, "(none)"))
		return 0;
	int error = endpoint_parse(field.text, field.length, host, &peer->endpoint, diag);
	if (!error && peer->endpoint.kind != ENDPOINT_IP)
		error = diag_fail(diag, -EINVAL, "%s: not an IP address and port",
			quote(field.text, field.length).text);
	return error ? diag_wrap(diag, error, "endpoint") : 0;
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

static int status_parse(const struct field *fields, struct peer_config *peer, struct diag *diag)
{
	uint64_t handshake = 0, keepalive = 0;
	int error = number_parse(
		fields[PEER_HANDSHAKE], INT64_MAX, "latest-handshake", &handshake, diag);
	if (!error)
		error = number_parse(
			fields[PEER_RX], UINT64_MAX, "transfer-rx", &peer->status.rx_bytes, diag);
	if (!error)
		error = number_parse(
			fields[PEER_TX], UINT64_MAX, "transfer-tx", &peer->status.tx_bytes, diag);
	if (!error && !field_is(fields[PEER_KEEPALIVE], "off"))
		error = number_parse(fields[PEER_KEEPALIVE], UINT16_MAX, "persistent-keepalive",
			&keepalive, diag);
	peer->status.last_handshake_s = (int64_t)handshake;
	peer->persistent_keepalive_s = (uint16_t)keepalive;
	return error;
}

static int peer_parse(struct field line, struct device *device, struct diag *diag)
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
	if (!field_is(fields[PEER_PSK], "(none)")) {
		error = key_secret_parse(
			fields[PEER_PSK].text, fields[PEER_PSK].length, &peer.psk, diag);
		if (error)
			return diag_wrap(diag, error, "preshared-key");
	}
	error = endpoint_field_parse(fields[PEER_ENDPOINT], host, &peer, diag);
	if (!error)
		error = status_parse(fields, &peer, diag);
	if (!error)
		error = allowed_ips_parse(fields[PEER_ALLOWED_IPS], &prefixes, &peer, diag);
	if (!error) {
		error = peer_table_append(&device->peers, &peer);
		if (error)
			diag_fail_errno(diag, error);
	}
	free(prefixes);
	key_secret_wipe(&peer.psk);
	return error;
}

int wg_dump_parse(const char *text, size_t length, struct device *ret, struct diag *diag)
{
	struct device device = {0};
	const char *at = text, *end = text + length;
	int error = 0;
	if (length == 0)
		return diag_fail(diag, -EINVAL, "empty, where a dump has a line for the interface");
	if (end[-1] != '\n')
		return diag_fail(diag, -EINVAL, "the last line is cut: it has no line feed");
	for (size_t number = 1; at < end && !error; number++) {
		struct field line = field_next(&at, end, '\n');
		error = number == 1 ? interface_parse(line, &device, diag)
				    : peer_parse(line, &device, diag);
		if (error)
			diag_wrap(diag, error, "line %zu", number);
	}
	if (!error)
		error = peer_table_seal(&device.peers, diag);
	if (error)
		device_clear(&device);
	else
		*ret = device;
	return error;
}
