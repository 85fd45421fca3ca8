/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Detects operations that the device acknowledges without effect: cycle after cycle sends the same
 * operation with the same values. Another program that undoes a change once or twice is drift.
 * From CONVERGENCE_CYCLES_MAX cycles in a row on, it is reported as a failure.
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
	uint64_t wanted[PEER_FIELD_COUNT]; /* a digest of each field's value */
	unsigned cycles;                   /* number of cycles in a row, including the last */
};

struct convergence {
	/* Key of the digests, set by the owner. It is random, as some digests are of preshared
	 * keys. */
	struct digest_key key;
	struct acknowledged_op *ops; /* sorted by key, at most one for each */
	size_t count;
};

/*
 * Record the operations of a cycle. Return 0, -EIO with an error added to `failures` for each peer
 * that does not converge, or -ENOMEM with the record cleared.
 */
int convergence_note(struct convergence *convergence, const struct peer_diff *diff,
	const struct peer_op_result *results, const struct logger *logger, struct diag *failures);
/* Clear the record, but not the key. */
void convergence_clear(struct convergence *convergence);
