/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the desired state comes from, as the cycle sees it: a file, or a control plane.
 */
#pragma once

#include "reconcile.h"

struct source {
	/* Begins a fetch. Its answer comes through the listener, at once or later, exactly once. */
	void (*fetch)(void *impl);
	/* Forgets what was read last, so that the next fetch reads all anew. */
	void (*reload)(void *impl);
	void *impl;
};

/* Who is told. */
struct source_listener {
	/* A document in the answer is taken over. */
	void (*answered)(void *impl, const struct fetch_answer *answer);
	/* There is something new to fetch: a cycle should begin in so many ms, if not sooner. */
	void (*wants_cycle)(void *impl, int64_t delay_ms);
	void *impl;
};
