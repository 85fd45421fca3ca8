/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An IP address in canonical form: IPv4-mapped IPv6 is IPv4.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ip_family {
	IP_NONE = 0,
	IP_V4 = 4,
	IP_V6 = 6,
};

struct ip {
	uint8_t bytes[16]; /* network order; the first four for IPv4, the rest zero */
	uint8_t family;    /* enum ip_family */
};

#define IP_TEXT_SIZE 46
struct ip_text {
	char text[IP_TEXT_SIZE];
};

/* False if `text` is no IP address: no zone, no mask, no leading zeros in IPv4. */
bool ip_parse(const char *text, size_t length, struct ip *ret);

/* From raw bytes, 4 or 16 of them; an IPv4-mapped address becomes IPv4. */
struct ip ip_from_bytes(enum ip_family family, const uint8_t *bytes);

struct ip_text ip_format(const struct ip *ip);
/* IPv4 before IPv6, then by bytes. */
int ip_compare(const struct ip *a, const struct ip *b);
bool ip_equal(const struct ip *a, const struct ip *b);
bool ip_is_unspecified(const struct ip *ip);
bool ip_is_multicast(const struct ip *ip);
bool ip_is_link_local(const struct ip *ip);
/* 240.0.0.0/4, to the broadcast address: nobody is reached there. */
bool ip_is_reserved(const struct ip *ip);
/* Whether it can be a node's own: not unspecified, loopback, multicast, or the broadcast address.
 */
bool ip_can_be_node(const struct ip *ip);
/* 32 or 128. */
unsigned ip_bits(const struct ip *ip);
