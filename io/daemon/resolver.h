/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks host names up without holding anybody up: a few threads wait for the system's resolver, and
 * what they find is kept here by name. All else of the daemon runs on one thread, which alone calls
 * these functions.
 *
 * Name servers turn the order of their answers, and leave some out: an answer is a set of
 * addresses, and the last good one stands until there is another.
 */
#pragma once

#include "name_lookup.h"

struct diag;
struct resolver_shared;

enum name_state {
	NAME_PENDING, /* asked for the first time, and no answer yet */
	NAME_GOOD,
	NAME_BAD,
};

struct name_record {
	struct name_record *next;
	const char *host;
	enum name_state state;
	bool is_asked;  /* a look-up is under way, though there may be an older answer */
	bool is_wanted; /* for resolver_sweep */
	struct ip *ips; /* NAME_GOOD: in the order of the last answer */
	size_t ip_count;
	const char *error; /* NAME_BAD: the system's words */
	int64_t answered_ms;
};

/* When so many names are known, further ones that only a lookup of the engine asks for are left to
 * the next cycle. */
#define RESOLVER_NAMES_MAX 65536

struct resolver {
	int fd; /* readable when there are answers to take */
	struct resolver_shared *shared;
	void *tree; /* of the records, by host */
	struct name_record *first;
	size_t count;
	size_t pending_count; /* of those that are wanted */
	size_t bad_count;
	size_t names_max; /* 0: RESOLVER_NAMES_MAX */
};

int resolver_init(struct resolver *resolver, struct diag *diag);
/* Look-ups under way are left to themselves; their threads end with them. */
void resolver_deinit(struct resolver *resolver);
/* For the engine. */
struct name_lookup resolver_lookup(struct resolver *resolver);

/* Marks the name as wanted, and looks it up if that was never done. Returns 0 or -ENOMEM. */
int resolver_want(struct resolver *resolver, const char *host);
/* Takes all marks off. */
void resolver_unwant(struct resolver *resolver);
/* So that names that came and went do not pile up: forgets those that are not wanted, unless they
 * are being looked up. */
void resolver_sweep(struct resolver *resolver);

/* Looks a known name up again, if that is not under way. Returns 0 or -ENOMEM. */
int resolver_ask(struct resolver *resolver, struct name_record *name);
/* The same with all names that have no address. */
void resolver_ask_bad(struct resolver *resolver);
/* Takes the answers that have come. True if one of them differs from what was known. */
bool resolver_take(struct resolver *resolver, int64_t now_ms);
/* Takes answers until all wanted names have one, or that time is over. */
void resolver_await(struct resolver *resolver, int timeout_ms);
/* NULL: nobody asked for that name. Valid until the next sweep. */
struct name_record *resolver_find(const struct resolver *resolver, const char *host);
