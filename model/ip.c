/* SPDX-License-Identifier: Apache-2.0 */
#include "ip.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t V4_MAPPED[12] = {[10] = 0xff, [11] = 0xff};

struct ip ip_from_bytes(enum ip_family family, const uint8_t *bytes)
{
	struct ip ip = {.family = (uint8_t)family};
	if (family == IP_V6 && memcmp(bytes, V4_MAPPED, sizeof V4_MAPPED) == 0) {
		ip.family = IP_V4;
		bytes += sizeof V4_MAPPED;
	}
	if (ip.family != IP_NONE)
		memcpy(ip.bytes, bytes, ip.family == IP_V4 ? 4 : 16);
	return ip;
}

bool ip_parse(const char *text, size_t length, struct ip *ret)
{
	char copy[IP_TEXT_SIZE];
	if (length >= sizeof copy || memchr(text, '\0', length))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	uint8_t bytes[16];
	enum ip_family family = memchr(copy, ':', length) ? IP_V6 : IP_V4;
	if (inet_pton(family == IP_V6 ? AF_INET6 : AF_INET, copy, bytes) != 1)
		return false;
	*ret = ip_from_bytes(family, bytes);
	return true;
}

struct ip_text ip_format(const struct ip *ip)
{
	struct ip_text text = {""};
	if (ip->family != IP_NONE)
		inet_ntop(ip->family == IP_V6 ? AF_INET6 : AF_INET, ip->bytes, text.text,
			sizeof text.text);
	return text;
}

int ip_compare(const struct ip *a, const struct ip *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

bool ip_equal(const struct ip *a, const struct ip *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

bool ip_is_unspecified(const struct ip *ip)
{
	static const uint8_t zero[16];
	return memcmp(ip->bytes, zero, sizeof zero) == 0;
}

bool ip_is_multicast(const struct ip *ip)
{
	return ip->family == IP_V4 ? (ip->bytes[0] & 0xf0) == 0xe0 : ip->bytes[0] == 0xff;
}

bool ip_is_link_local(const struct ip *ip)
{
	if (ip->family == IP_V4)
		return ip->bytes[0] == 169 && ip->bytes[1] == 254;
	return ip->bytes[0] == 0xfe && (ip->bytes[1] & 0xc0) == 0x80;
}

bool ip_is_reserved(const struct ip *ip)
{
	return ip->family == IP_V4 && ip->bytes[0] >= 0xf0;
}

static bool ip_is_loopback(const struct ip *ip)
{
	static const uint8_t v6[16] = {[15] = 1};
	return ip->family == IP_V4 ? ip->bytes[0] == 127 : memcmp(ip->bytes, v6, sizeof v6) == 0;
}

bool ip_can_be_node(const struct ip *ip)
{
	static const uint8_t broadcast[] = {255, 255, 255, 255};
	if (ip->family == IP_V4 && memcmp(ip->bytes, broadcast, sizeof broadcast) == 0)
		return false;
	return !ip_is_unspecified(ip) && !ip_is_multicast(ip) && !ip_is_loopback(ip);
}

unsigned ip_bits(const struct ip *ip)
{
	return ip->family == IP_V4 ? 32 : 128;
}
