/* SPDX-License-Identifier: Apache-2.0 */
#include "prefix.h"

#include "diag.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Length of the ::ffff: part of an IPv4-mapped address. */
#define V4_MAPPED_BITS 96

/* At most three digits, no leading zero. */
static bool prefix_length_parse(const char *text, size_t length, unsigned *ret)
{
	if (length == 0 || length > 3 || (length > 1 && text[0] == '0'))
		return false;
	unsigned value = 0;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (unsigned)(text[i] - '0');
	}
	*ret = value;
	return true;
}

int prefix_parse_address(const char *text, size_t length, struct prefix *ret, struct diag *diag)
{
	const char *slash = memchr(text, '/', length);
	size_t ip_length = slash ? (size_t)(slash - text) : length;
	struct prefix prefix;
	if (!ip_parse(text, ip_length, &prefix.ip))
		return diag_fail(
			diag, -EINVAL, "%s: not an IP address or prefix", quote(text, length).text);
	unsigned written_bits = memchr(text, ':', ip_length) ? 128 : 32;
	unsigned bits = written_bits;
	if (slash && !prefix_length_parse(slash + 1, length - ip_length - 1, &bits))
		return diag_fail(diag, -EINVAL, "%s: prefix length is not a number",
			quote(text, length).text);
	if (bits > written_bits)
		return diag_fail(diag, -EINVAL, "%s: prefix length over %u",
			quote(text, length).text, written_bits);
	if (written_bits == 128 && prefix.ip.family == IP_V4) {
		if (bits >= V4_MAPPED_BITS) {
			bits -= V4_MAPPED_BITS;
		} else {
			/* Wider than ::ffff:0:0/96, so it stays IPv6. */
			struct ip wide = {.family = IP_V6, .bytes = {[10] = 0xff, [11] = 0xff}};
			memcpy(wide.bytes + 12, prefix.ip.bytes, 4);
			prefix.ip = wide;
		}
	}
	prefix.length = (uint8_t)bits;
	*ret = prefix;
	return 0;
}

int prefix_parse(const char *text, size_t length, struct prefix *ret, struct diag *diag)
{
	int error = prefix_parse_address(text, length, ret, diag);
	if (!error)
		prefix_mask(ret);
	return error;
}

struct prefix prefix_of_host(const struct ip *ip)
{
	return (struct prefix){.ip = *ip, .length = (uint8_t)ip_bits(ip)};
}

void prefix_mask(struct prefix *prefix)
{
	for (unsigned i = 0; i < sizeof prefix->ip.bytes; i++) {
		unsigned network_bits = prefix->length > i * 8 ? prefix->length - i * 8 : 0;
		if (network_bits < 8)
			prefix->ip.bytes[i] &= (uint8_t)(0xff00u >> network_bits);
	}
}

struct prefix_text prefix_format(const struct prefix *prefix)
{
	struct prefix_text text;
	snprintf(text.text, sizeof text.text, "%s/%u", ip_format(&prefix->ip).text, prefix->length);
	return text;
}

int prefix_compare(const struct prefix *a, const struct prefix *b)
{
	int order = ip_compare(&a->ip, &b->ip);
	if (order)
		return order;
	return (a->length > b->length) - (a->length < b->length);
}

bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

bool prefix_covers(const struct prefix *prefix, const struct ip *ip)
{
	if (prefix->ip.family != ip->family)
		return false;
	struct prefix other = {.ip = *ip, .length = prefix->length};
	prefix_mask(&other);
	return ip_equal(&other.ip, &prefix->ip);
}

static int prefix_compare_any(const void *a, const void *b)
{
	return prefix_compare(a, b);
}

size_t prefixes_normalize(struct prefix *prefixes, size_t count)
{
	if (count < 2)
		return count;
	qsort(prefixes, count, sizeof *prefixes, prefix_compare_any);
	size_t unique = 1;
	for (size_t i = 1; i < count; i++)
		if (!prefix_equal(&prefixes[i], &prefixes[unique - 1]))
			prefixes[unique++] = prefixes[i];
	return unique;
}
