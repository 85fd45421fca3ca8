/*
 * Looks host names up without holding anybody up: a few threads wait for the system's resolver, and
 * what they find is kept here by name. All else of the daemon runs on one thread, which alone calls
 * these functions.
 */
#pragma once

#include "ip.h"

#include <stddef.h>

struct diag;
struct resolver_shared;

enum name_state {
	NAME_PENDING, /* asked for the first time, and no answer yet */
	NAME_GOOD,
	NAME_BAD,
};

struct name_record {
	char *host;
	enum name_state state;
	bool is_asked; /* a look-up is under way, though there may be an older answer */
	bool is_used;  /* for resolver_sweep */
	struct ip ip;
	const char *error; /* NAME_BAD: the system's words */
	int64_t answered_ms;
};

struct resolver {
	int fd; /* readable when there are answers to take */
	struct resolver_shared *shared;
	struct name_record *names; /* sorted by host */
	size_t count;
	size_t capacity;
};

int resolver_init(struct resolver *resolver, struct diag *diag);
/* Look-ups under way are left to themselves; their threads end with them. */
void resolver_deinit(struct resolver *resolver);
/* Looks the name up, if nobody does already. An older answer stands until there is a newer one;
 * only addresses that packets can be sent to are answers. Returns 0 or -ENOMEM. */
int resolver_ask(struct resolver *resolver, const char *host);
/* Takes the answers that have come. True if one of them differs from what was known. */
bool resolver_take(struct resolver *resolver, int64_t now_ms);
/* NULL: nobody asked for that name. Valid until the next call that asks or sweeps. */
const struct name_record *resolver_find(const struct resolver *resolver, const char *host);
/* So that names that came and went do not pile up: forgets those that resolver_use did not name
 * since the last sweep, unless they are being looked up. */
void resolver_use(struct resolver *resolver, const char *host);
void resolver_sweep(struct resolver *resolver);
