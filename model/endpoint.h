/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a peer's packets go: IP and port, or a host name and port that io/ resolves before the
 * engine sends anything. A zone (an interface's name or index) belongs to link-local IPv6 only.
 */
#pragma once

#include "ip.h"

struct diag;

enum endpoint_kind {
	ENDPOINT_NONE,
	ENDPOINT_IP,
	ENDPOINT_NAME,
	/* As a device reports it, and nothing can be sent to it: printed so, decides as none. */
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
	uint32_t name; /* digest of the host name that this was chosen for; 0: of none */
};

#define ENDPOINT_TEXT_SIZE (ENDPOINT_HOST_MAX + 8)
struct endpoint_text {
	char text[ENDPOINT_TEXT_SIZE];
};

/*
 * Reads "IP:port", "[IPv6]:port", "[fe80::1%zone]:port" or "host:port"; empty text is none. A host
 * name is written, NUL-terminated, to `host` (ENDPOINT_HOST_MAX + 1 bytes), which the result then
 * borrows. Returns 0 or -EINVAL with a text that quotes the value.
 */
int endpoint_parse(
	const char *text, size_t length, char *host, struct endpoint *ret, struct diag *diag);

/*
 * Whether packets can be sent there: not unspecified, multicast or reserved, and a zone if
 * link-local. Returns 0 or -EINVAL.
 */
int endpoint_validate(const struct endpoint *endpoint, struct diag *diag);

/*
 * As a device reports it. Its peers choose it, so that no text is an error: one that names no place
 * to send to, such as port 0, a multicast address or no address at all, is ENDPOINT_UNUSABLE, with
 * the text in `host` (ENDPOINT_HOST_MAX + 1 bytes): printable ASCII, cut if need be. A link-local
 * address needs no zone: devices do not always report it.
 */
struct endpoint endpoint_from_device(const char *text, size_t length, char *host);
/* The same of an IP endpoint that a device reported as bytes. */
struct endpoint endpoint_from_device_ip(const struct endpoint *reported, char *host);
/* As endpoint_from_device, but returns -EINVAL for what is no IP and port, such as a host name. */
int endpoint_parse_reported(
	const char *text, size_t length, char *host, struct endpoint *ret, struct diag *diag);

/* Whether `host` belongs to it, and goes where it goes. */
bool endpoint_has_host(const struct endpoint *endpoint);

/* "" for none. */
struct endpoint_text endpoint_format(const struct endpoint *endpoint);

/* A zone that one side lacks is not compared: devices do not always report it. */
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);
