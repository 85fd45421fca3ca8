/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host names among the endpoints that are desired: those of a state document, and of the events
 * that are laid over it. Which address of its name a peer gets is the engine's to decide.
 */
#pragma once

#include "pending_events.h"
#include "resolver.h"
#include "state_document.h"

struct endpoint_names {
	const struct state_document *document;
	const struct pending_events *overlay; /* may be NULL */
	/* Where the walk is. */
	size_t entry_at;
	size_t event_at;
};

/* The next usable entry whose endpoint is a host name; NULL: there are no more. */
const struct peer_entry *endpoint_names_next(struct endpoint_names *names);

/* Makes those names the ones that are wanted. Returns 0 or -ENOMEM. */
int endpoint_names_want(struct endpoint_names names, struct resolver *resolver);

/* Why the name of that entry has no address; NULL: it has one. */
const char *endpoint_name_fault(const struct peer_entry *entry, const struct resolver *resolver);
