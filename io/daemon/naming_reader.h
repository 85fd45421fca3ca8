/*
 * Reads the payloads of events as another reader does, and puts addresses in the place of host
 * names. An event does not wait: a name that nobody has looked up yet is asked for, and the peer is
 * applied without an endpoint until the next cycle has one.
 */
#pragma once

#include "events.h"
#include "resolver.h"

/* When the resolver knows so many names, events' further ones are left to the state. */
#define NAMING_NAMES_MAX 65536

struct naming_reader {
	struct payload_reader inner;
	struct resolver *resolver;
	size_t names_max; /* 0: NAMING_NAMES_MAX */
};

/* Borrows `naming`. */
struct payload_reader naming_reader(struct naming_reader *naming);
