/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interface to the lookup of host names, which runs in the background and never blocks.
 */
#pragma once

#include "ip.h"

struct name_lookup {
	/*
	 * Return the number of known addresses of `host`, and in `*ret` the addresses, the
	 * preferred one first. Return 0 if none is known yet. The first call for a host starts its
	 * lookup. The addresses are valid until the owner of the lookup processes further answers.
	 */
	size_t (*addresses)(void *impl, const char *host, const struct ip **ret);
	void *impl; /* `addresses` may be NULL: host names are not resolved */
};
