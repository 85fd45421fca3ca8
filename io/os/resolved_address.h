/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of an answer of the system's resolver can be used as an endpoint: the addresses that are
 * neither unspecified (blockers answer so) nor multicast nor link-local, for which there is no
 * zone.
 */
#pragma once

#include "ip.h"

struct addrinfo;

/* Of a longer answer these are the lowest, so that they are the same in whatever order it comes. */
#define RESOLVED_ADDRESSES_MAX 64

/*
 * Writes an array to `*ret`, to be freed: each address once, in the system's order, which prefers
 * what can be reached from here. Returns NULL, or what is wrong with the answer.
 */
const char *resolved_addresses(const struct addrinfo *list, struct ip **ret, size_t *ret_count);
