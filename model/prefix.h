/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An allowed IP: an address and a prefix length, host bits zero. The canonical form is the one
 * that the kernel reads back, so that two prefixes are the same exactly when they are equal here.
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
 * Reads "IP" (a host route) or "IP/LENGTH", masks host bits and turns ::ffff:a.b.c.d/N with N of
 * at least 96 into IPv4. Returns 0 or -EINVAL with a text that quotes the value.
 */
int prefix_parse(const char *text, size_t length, struct prefix *ret, struct diag *diag);

/* The same, host bits kept: an interface's own address, such as 10.0.0.1/24. */
int prefix_parse_address(const char *text, size_t length, struct prefix *ret, struct diag *diag);

/* The host route to `ip`: /32 or /128. */
struct prefix prefix_of_host(const struct ip *ip);
void prefix_mask(struct prefix *prefix);

struct prefix_text prefix_format(const struct prefix *prefix);
/* By address, then the shorter prefix first. */
int prefix_compare(const struct prefix *a, const struct prefix *b);
bool prefix_equal(const struct prefix *a, const struct prefix *b);
/* Whether `ip` lies within `prefix`. */
bool prefix_covers(const struct prefix *prefix, const struct ip *ip);

/* Sorts in place and drops repeats; returns how many are left. */
size_t prefixes_normalize(struct prefix *prefixes, size_t count);
