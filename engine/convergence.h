/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notices operations that are acknowledged and take no effect: the same one, for the same values,
 * sent cycle after cycle.
 * That somebody else undoes a change once or twice is drift; from CONVERGENCE_CYCLES_MAX cycles in
 * a row on it is a failure, and said so.
 */
#pragma once

#include "diff.h"
#include "keyed_digest.h"
#include "logger.h"

struct diag;
struct peer_op_result;

#define CONVERGENCE_CYCLES_MAX 4

/* An operation that succeeded in the last cycle. */
struct acknowledged_op {
	struct key_public public_key;
	enum peer_op_kind kind;
	unsigned fields;
	uint64_t wanted[PEER_FIELD_COUNT]; /* of each field a digest of its value */
	unsigned cycles;                   /* in a row, the last one included */
};

struct convergence {
	/* Of the digests, some of which are of preshared keys: for the owner to make random. */
	struct digest_key key;
	struct acknowledged_op *ops; /* sorted by key; a key has at most one a cycle */
	size_t count;
};

/*
 * Takes note of a cycle's operations. Returns 0, -EIO with each peer that does not converge joined
 * to `failures`, or -ENOMEM, what was known then being forgotten.
 */
int convergence_note(struct convergence *convergence, const struct peer_diff *diff,
	const struct peer_op_result *results, const struct logger *logger, struct diag *failures);
/* Forgets the operations. */
void convergence_clear(struct convergence *convergence);
