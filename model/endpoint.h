/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The UDP endpoint of a peer: an IP address and port, or a host name and port. io/ resolves host
 * names before the engine sends an operation. Only link-local IPv6 has a zone, which is the name or
 * index of an interface.
 */
#pragma once

#include "ip.h"

struct diag;

enum endpoint_kind {
	ENDPOINT_NONE,
	ENDPOINT_IP,
	ENDPOINT_NAME,
	/* Reported by a device, but no packet can be sent there. It is printed as reported and
	 * otherwise treated as none. */
	ENDPOINT_UNUSABLE,
};

#define ENDPOINT_HOST_MAX 253
#define ENDPOINT_ZONE_MAX 15

struct endpoint {
	const char *host; /* ENDPOINT_NAME, ENDPOINT_UNUSABLE: borrowed from the endpoint's owner */
	struct ip ip;     /* ENDPOINT_IP */
	char zone[ENDPOINT_ZONE_MAX + 1];
	uint8_t kind; /* enum endpoint_kind */
	uint16_t port;
	uint32_t name; /* digest of the host name that this was resolved from; 0: none */
};

#define ENDPOINT_TEXT_SIZE (ENDPOINT_HOST_MAX + 8)
struct endpoint_text {
	char text[ENDPOINT_TEXT_SIZE];
};

/*
 * Parse "IP:port", "[IPv6]:port", "[fe80::1%zone]:port" or "host:port"; an empty text is no
 * endpoint. A host name is copied to `host` (ENDPOINT_HOST_MAX + 1 bytes), which `*ret` borrows.
 * Return 0, or -EINVAL with a text that quotes the value.
 */
int endpoint_parse(
	const char *text, size_t length, char *host, struct endpoint *ret, struct diag *diag);

/*
 * Reject an address that no packet can be sent to: unspecified, multicast, reserved, or link-local
 * IPv6 without a zone. Return 0 or -EINVAL.
 */
int endpoint_validate(const struct endpoint *endpoint, struct diag *diag);

/*
 * Parse an endpoint that a device reported. Peers choose it by where they send from, so no text is
 * an error: port 0, a multicast address or a text that is no address becomes ENDPOINT_UNUSABLE,
 * with the text in `host` (ENDPOINT_HOST_MAX + 1 bytes), cut and limited to printable ASCII. A
 * link-local address needs no zone, as devices do not always report one.
 */
struct endpoint endpoint_from_device(const char *text, size_t length, char *host);
/* The same for an endpoint that the device reported in binary. */
struct endpoint endpoint_from_device_ip(const struct endpoint *reported, char *host);
/* As endpoint_from_device, but return -EINVAL for a text that is not an IP address and port. */
int endpoint_parse_reported(
	const char *text, size_t length, char *host, struct endpoint *ret, struct diag *diag);

/* Return whether the kind uses `host`: a copy of the endpoint must then copy that text too. */
bool endpoint_has_host(const struct endpoint *endpoint);

/* Format the endpoint as endpoint_parse reads it; "" for none. */
struct endpoint_text endpoint_format(const struct endpoint *endpoint);

/* Compare two endpoints. Zones are compared only if both sides have one. */
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);
