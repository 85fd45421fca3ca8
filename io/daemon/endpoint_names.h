/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Iterate over the host names among the desired endpoints: those of a state document and of the
 * pending events. The engine decides which address of its name a peer gets.
 */
#pragma once

#include "pending_events.h"
#include "resolver.h"
#include "state_document.h"

struct endpoint_names {
	const struct state_document *document;
	const struct pending_events *pending; /* may be NULL */
	/* The position of the iteration; zero at the start. */
	size_t entry_at;
	size_t event_at;
};

/* Return the next usable entry whose endpoint is a host name; NULL at the end. */
const struct peer_entry *endpoint_names_next(struct endpoint_names *names);

/* Make these the wanted names of the resolver. Returns 0 or -ENOMEM. */
int endpoint_names_want(struct endpoint_names names, struct resolver *resolver);

/* Return why the name of that entry has no address; NULL: it has one. */
const char *endpoint_name_fault(const struct peer_entry *entry, const struct resolver *resolver);
