/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interface between the cycle and the source of the desired state: a file or a control plane.
 */
#pragma once

#include "reconcile.h"

struct source {
	/* Begin a fetch, and call the listener's `answered` exactly once, at once or later. */
	void (*fetch)(void *impl);
	/* Forget the last answer, so that the next fetch returns the whole document. */
	void (*reload)(void *impl);
	void *impl;
};

/* The callbacks of a source. */
struct source_listener {
	/* A fetch has ended. The callee takes over a document in the answer. */
	void (*answered)(void *impl, const struct fetch_answer *answer);
	/* There may be a new state: begin a cycle within `delay_ms`. */
	void (*wants_cycle)(void *impl, int64_t delay_ms);
	void *impl;
};
