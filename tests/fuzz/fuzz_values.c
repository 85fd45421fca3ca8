/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values as text: an accepted text is written in a form that reads as the same value; and the
 * canonical form is its own canonical form.
 */
#include "diag.h"
#include "duration.h"
#include "endpoint.h"
#include "fuzz.h"
#include "interface_config.h"
#include "key.h"
#include "prefix.h"
#include "timestamp.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

static void key_check(const char *text, size_t length)
{
	struct key_public key, again;
	struct key_secret secret;
	struct diag diag = {0};
	if (key_public_parse(text, length, &key, NULL) == 0) {
		struct key_text spelt = key_public_format(&key);
		/* A key has only one form. */
		FUZZ_HOLDS(length == 44 && memcmp(spelt.text, text, length) == 0);
		FUZZ_HOLDS(key_public_parse(spelt.text, 44, &again, NULL) == 0);
		FUZZ_HOLDS(key_public_equal(&key, &again) && !key_public_is_zero(&key));
		FUZZ_HOLDS(key_secret_parse(text, length, &secret, NULL) == 0);
		FUZZ_HOLDS(memcmp(secret.bytes, key.bytes, KEY_BYTES) == 0);
	} else if (key_secret_parse(text, length, &secret, &diag) != 0 && length >= 4) {
		char value[8] = {0};
		memcpy(value, text, length < 7 ? length : 7);
		/* Words of the error text are no secret. */
		if (!strpbrk(value, " acefhinorst"))
			FUZZ_HOLDS(strlen(value) < 4 || !strstr(diag_text(&diag), value));
	}
	diag_clear(&diag);
}

static void prefix_check(const char *text, size_t length)
{
	struct prefix prefix, again;
	struct ip ip;
	bool is_ip = ip_parse(text, length, &ip);
	if (prefix_parse(text, length, &prefix, NULL) != 0) {
		FUZZ_HOLDS(!is_ip);
		return;
	}
	struct prefix_text spelt = prefix_format(&prefix);
	FUZZ_HOLDS(prefix_parse(spelt.text, strlen(spelt.text), &again, NULL) == 0);
	FUZZ_HOLDS(prefix_equal(&prefix, &again) && prefix_compare(&prefix, &again) == 0);
	FUZZ_HOLDS(prefix.length <= ip_bits(&prefix.ip));
	FUZZ_HOLDS(prefix_covers(&prefix, &prefix.ip));
	prefix_mask(&again);
	FUZZ_HOLDS(prefix_equal(&prefix, &again));
	if (is_ip) {
		struct prefix host = prefix_of_host(&ip);
		FUZZ_HOLDS(prefix_equal(&prefix, &host));
	}
	FUZZ_HOLDS(prefix_parse_address(text, length, &again, NULL) == 0);
	FUZZ_HOLDS(again.length == prefix.length);
	FUZZ_HOLDS(prefix_covers(&prefix, &again.ip));
}

static void endpoint_check(const char *text, size_t length)
{
	char host[ENDPOINT_HOST_MAX + 1], other_host[ENDPOINT_HOST_MAX + 1];
	struct endpoint endpoint, again;
	if (endpoint_parse(text, length, host, &endpoint, NULL) != 0)
		return;
	struct endpoint_text spelt = endpoint_format(&endpoint);
	FUZZ_HOLDS(endpoint_parse(spelt.text, strlen(spelt.text), other_host, &again, NULL) == 0);
	FUZZ_HOLDS(endpoint_equal(&endpoint, &again) && strcmp(endpoint.zone, again.zone) == 0);
	struct endpoint_text twice = endpoint_format(&again);
	FUZZ_HOLDS(strcmp(spelt.text, twice.text) == 0);
	FUZZ_HOLDS((endpoint.kind == ENDPOINT_NONE) == (length == 0));
	FUZZ_HOLDS(endpoint.kind == ENDPOINT_NONE || endpoint.port > 0);
	FUZZ_HOLDS(endpoint_validate(&endpoint, NULL) == endpoint_validate(&again, NULL));
}

/* Every text of a device is an endpoint, and usable only if an operator's would be. */
static void reported_endpoint_check(const char *text, size_t length)
{
	char host[ENDPOINT_HOST_MAX + 1], other_host[ENDPOINT_HOST_MAX + 1];
	struct endpoint endpoint = endpoint_from_device(text, length, host), parsed;
	FUZZ_HOLDS((endpoint.kind == ENDPOINT_NONE) == (length == 0));
	FUZZ_HOLDS(endpoint.kind != ENDPOINT_NAME);
	if (endpoint.kind == ENDPOINT_IP) {
		FUZZ_HOLDS(endpoint_parse(text, length, other_host, &parsed, NULL) == 0);
		FUZZ_HOLDS(endpoint_equal(&endpoint, &parsed));
	}
	struct endpoint_text spelt = endpoint_format(&endpoint);
	for (const char *at = spelt.text; *at; at++)
		FUZZ_HOLDS(endpoint.kind != ENDPOINT_UNUSABLE || (*at >= ' ' && *at <= '~'));
}

static void timestamp_check(const char *text, size_t length)
{
	int64_t ns, again;
	if (!timestamp_parse(text, length, &ns))
		return;
	FUZZ_HOLDS(ns >= TIMESTAMP_MIN_NS && ns <= TIMESTAMP_MAX_NS);
	struct timestamp_text spelt = timestamp_format(ns);
	FUZZ_HOLDS(timestamp_parse(spelt.text, strlen(spelt.text), &again));
	/* An offset can lead out of the range of years. */
	FUZZ_HOLDS(again == ns || again == TIMESTAMP_MIN_NS || again == TIMESTAMP_MAX_NS);
}

static void others_check(const char *text, size_t length)
{
	int64_t ns;
	if (duration_parse(text, length, &ns))
		FUZZ_HOLDS(ns >= 0);
	if (interface_name_is_valid(text, length)) {
		FUZZ_HOLDS(length > 0 && length <= INTERFACE_NAME_MAX);
		FUZZ_HOLDS(!memchr(text, '/', length) && !memchr(text, '\0', length));
		FUZZ_HOLDS(!memchr(text, '%', length) && !memchr(text, ':', length));
	}
}

void fuzz_one(const char *text, size_t length)
{
	key_check(text, length);
	prefix_check(text, length);
	endpoint_check(text, length);
	reported_endpoint_check(text, length);
	timestamp_check(text, length);
	others_check(text, length);
}
