/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nonces that the process of a replay will remember, in anonymized form, and until when.
 *
 * The recording moves events of a fetch to its end. So the replay remembers other nonces than the
 * recorded process did. A nonce that the recorded process accepted again, after it had forgotten
 * it, is recorded under another name.
 */
#pragma once

#include "anonymizer.h"

struct recorded_nonce {
	struct anonymous_token token;
	unsigned generation; /* how often the nonce was recorded under another name */
	int64_t until_ns;
};

struct recorded_nonces {
	struct recorded_nonce *nonces; /* in the order of their recording, without forgotten ones */
	size_t count;
	size_t capacity;
};

/* Add the nonce of an event that is accepted at `at_ns`. Returns 0 or -ENOMEM. */
int recorded_nonces_add(struct recorded_nonces *nonces, const struct anonymous_token *token,
	int64_t at_ns, int64_t until_ns, unsigned *ret_generation);
/* Returns false if the replay does not remember the nonce at `at_ns`. */
bool recorded_nonces_find(const struct recorded_nonces *nonces, const struct anonymous_token *token,
	int64_t at_ns, unsigned *ret_generation);
void recorded_nonces_clear(struct recorded_nonces *nonces);
