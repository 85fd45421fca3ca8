/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An IP address in canonical form: an IPv4-mapped IPv6 address is stored as IPv4.
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

/* Parse an address without zone, mask or leading zeros in IPv4. Return false for other text. */
bool ip_parse(const char *text, size_t length, struct ip *ret);

/* Make an address from 4 or 16 bytes in network order. */
struct ip ip_from_bytes(enum ip_family family, const uint8_t *bytes);

struct ip_text ip_format(const struct ip *ip);
/* Order IPv4 before IPv6, then by bytes. */
int ip_compare(const struct ip *a, const struct ip *b);
bool ip_equal(const struct ip *a, const struct ip *b);
bool ip_is_unspecified(const struct ip *ip);
bool ip_is_multicast(const struct ip *ip);
bool ip_is_link_local(const struct ip *ip);
/* Return whether the address is in 240.0.0.0/4, which includes the broadcast address. */
bool ip_is_reserved(const struct ip *ip);
/* Return whether a node can have the address: not unspecified, loopback, multicast or broadcast. */
bool ip_can_be_node(const struct ip *ip);
/* Return the length of the address in bits: 32 or 128. */
unsigned ip_bits(const struct ip *ip);
