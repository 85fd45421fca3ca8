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
};

#define ENDPOINT_HOST_MAX 253
#define ENDPOINT_ZONE_MAX 15

struct endpoint {
	const char *host; /* ENDPOINT_NAME: borrowed from the owner of the endpoint */
	struct ip ip;     /* ENDPOINT_IP */
	char zone[ENDPOINT_ZONE_MAX + 1];
	uint16_t port;
	uint8_t kind; /* enum endpoint_kind */
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
 * Whether packets can be sent there: not unspecified, not multicast, and a zone if link-local.
 * Returns 0 or -EINVAL. What is read from a device need not pass.
 */
int endpoint_validate(const struct endpoint *endpoint, struct diag *diag);

/* "" for none. */
struct endpoint_text endpoint_format(const struct endpoint *endpoint);

/* A zone that one side lacks is not compared: devices do not always report it. */
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);
