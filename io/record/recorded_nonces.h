/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nonces that a replay's process will have seen, by their pseudonyms, and until when it will
 * remember each. Events of a fetch are told to happen at its end, so that what it remembers is not
 * just what the recorded process did: a nonce that was used again, and accepted since it had been
 * forgotten, gets another pseudonym.
 */
#pragma once

#include "pseudonyms.h"

struct recorded_nonce {
	struct pseudonym_token token;
	unsigned generation; /* how often it was recorded under another name */
	int64_t until_ns;
};

struct recorded_nonces {
	struct recorded_nonce
		*nonces; /* in the order of their recording; forgotten ones are dropped */
	size_t count;
	size_t capacity;
};

/* An event with that nonce is accepted at `at_ns`. Returns 0 or -ENOMEM. */
int recorded_nonces_add(struct recorded_nonces *nonces, const struct pseudonym_token *token,
	int64_t at_ns, int64_t until_ns, unsigned *ret_generation);
/* False if the replay does not remember the nonce at `at_ns`. */
bool recorded_nonces_find(const struct recorded_nonces *nonces, const struct pseudonym_token *token,
	int64_t at_ns, unsigned *ret_generation);
void recorded_nonces_clear(struct recorded_nonces *nonces);
