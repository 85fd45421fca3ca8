/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Select the addresses that can be endpoints from an answer of the system's resolver: those that
 * are not unspecified (ad blockers answer with 0.0.0.0), multicast, or link-local (an answer has no
 * zone).
 */
#pragma once

#include "ip.h"

struct addrinfo;

/* Of a longer answer only the lowest addresses are taken, so that its order does not matter. */
#define RESOLVED_ADDRESSES_MAX 64

/*
 * Store an array in `*ret`, which the caller frees: each address once, in the order of the answer,
 * in which the system puts reachable addresses first. Returns NULL, or the reason why there are
 * none.
 */
const char *resolved_addresses(const struct addrinfo *list, struct ip **ret, size_t *ret_count);
