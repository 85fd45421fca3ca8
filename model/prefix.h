/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An allowed IP: an address and a prefix length, with zero host bits. This is the form in which the
 * kernel reports prefixes, so that equal prefixes have equal bytes.
 */
#pragma once

#include "ip.h"

struct diag;

struct prefix {
	struct ip ip;
	uint8_t length;
};

#define PREFIX_TEXT_SIZE (IP_TEXT_SIZE + 4)
struct prefix_text {
	char text[PREFIX_TEXT_SIZE];
};

/*
 * Parse "IP", which is a host route, or "IP/LENGTH". Host bits are cleared; ::ffff:a.b.c.d/N with N
 * of at least 96 becomes IPv4. Return 0, or -EINVAL with a text that quotes the value.
 */
int prefix_parse(const char *text, size_t length, struct prefix *ret, struct diag *diag);

/* The same, but leave host bits as they are: for the address of an interface, as 10.0.0.1/24. */
int prefix_parse_address(const char *text, size_t length, struct prefix *ret, struct diag *diag);

/* Return the host route to `ip`: /32 or /128. */
struct prefix prefix_of_host(const struct ip *ip);
/* Clear the host bits. */
void prefix_mask(struct prefix *prefix);

struct prefix_text prefix_format(const struct prefix *prefix);
/* Order by address, then by length. */
int prefix_compare(const struct prefix *a, const struct prefix *b);
bool prefix_equal(const struct prefix *a, const struct prefix *b);
/* Return whether `ip` is in `prefix`. */
bool prefix_covers(const struct prefix *prefix, const struct ip *ip);

/* Sort in place and remove duplicates. Return how many are left. */
size_t prefixes_normalize(struct prefix *prefixes, size_t count);
