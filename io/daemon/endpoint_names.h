/*
 * The host names among the endpoints of a state document, kept beside it, so that addresses can be
 * put in their place again and again.
 *
 * A name that does not resolve makes its entry unusable: the peer, if it is on the device, stays as
 * it is, and nobody else is held up.
 */
#pragma once

#include "resolver.h"
#include "state_document.h"

struct endpoint_name {
	size_t entry; /* its place in the document */
	char *host;
	uint16_t port;
	char *fault; /* room for what is wrong with it, in the document's arena; NULL: none yet */
};

struct endpoint_names {
	struct endpoint_name *names;
	size_t count;
};

/* Finds the names of `document` and asks for those not known yet. Returns 0 or -ENOMEM. */
int endpoint_names_collect(struct endpoint_names *names, const struct state_document *document,
	struct resolver *resolver);
/* How many were never answered. */
size_t endpoint_names_pending(const struct endpoint_names *names, const struct resolver *resolver);
/* Puts what is known now into the document that the names were collected from. Returns 0 or
 * -ENOMEM. */
int endpoint_names_fill(struct endpoint_names *names, const struct resolver *resolver,
	struct state_document *document);
void endpoint_names_clear(struct endpoint_names *names);
