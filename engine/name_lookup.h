/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's interface to the lookup of host names, which goes on elsewhere and never blocks.
 */
#pragma once

#include "ip.h"

struct name_lookup {
	/*
	 * Returns how many addresses `host` is known to have, with the addresses, the preferred one
	 * first, in `*ret`; 0: none is known, or none yet. A host that was never asked for is
	 * looked up from now on. The addresses are valid until the lookup's owner takes further
	 * answers.
	 */
	size_t (*addresses)(void *impl, const char *host, const struct ip **ret);
	void *impl; /* `addresses` may be NULL: host names are left as they are */
};
