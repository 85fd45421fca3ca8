/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Look up host names in the background: a few threads wait for the system's resolver, and their
 * answers are stored here by name. Only the daemon's main thread may call these functions.
 *
 * Name servers rotate the order of their answers and fail at times: an answer counts as a set of
 * addresses, and the last good answer stays in force until there is another.
 */
#pragma once

#include "name_lookup.h"

struct diag;
struct resolver_shared;

enum name_state {
	NAME_PENDING, /* no answer yet */
	NAME_GOOD,
	NAME_BAD,
};

struct name_record {
	struct name_record *next;
	const char *host;
	enum name_state state;
	bool is_asked;  /* a lookup is under way; there may be an older answer */
	bool is_wanted; /* resolver_sweep keeps it */
	struct ip *ips; /* NAME_GOOD: in the order of the last answer */
	size_t ip_count;
	const char *error; /* NAME_BAD: the system's text */
	int64_t answered_ms;
};

/* Limit on names that the engine's lookups add: further names wait for the next cycle, which adds
 * all wanted ones. */
#define RESOLVER_NAMES_MAX 65536

struct resolver {
	int fd; /* readable when there are answers to take */
	struct resolver_shared *shared;
	void *tree; /* of the records, by host */
	struct name_record *first;
	size_t count;
	size_t pending_count; /* wanted names without an answer */
	size_t bad_count;
	size_t names_max; /* 0: RESOLVER_NAMES_MAX */
};

int resolver_init(struct resolver *resolver, struct diag *diag);
/* Does not wait for lookups under way: their threads end by themselves. */
void resolver_deinit(struct resolver *resolver);
/* Return the engine's lookup interface, which borrows `resolver`. */
struct name_lookup resolver_lookup(struct resolver *resolver);

/* Mark the name as wanted, and look it up if it has no answer yet. Returns 0 or -ENOMEM. */
int resolver_want(struct resolver *resolver, const char *host);
/* Remove all these marks. */
void resolver_unwant(struct resolver *resolver);
/* Forget names that are neither wanted nor being looked up, so that they do not accumulate. */
void resolver_sweep(struct resolver *resolver);

/* Look up a known name again, unless a lookup is under way. Returns 0 or -ENOMEM. */
int resolver_ask(struct resolver *resolver, struct name_record *name);
/* The same for all names that have no address. */
void resolver_ask_bad(struct resolver *resolver);
/* Take the answers that have arrived. Return whether one differs from the last answer. */
bool resolver_take(struct resolver *resolver, int64_t now_ms);
/* Take answers until all wanted names have one, or until the timeout. */
void resolver_await(struct resolver *resolver, int timeout_ms);
/* Return the record of a name, valid until the next sweep; NULL if it is unknown. */
struct name_record *resolver_find(const struct resolver *resolver, const char *host);
