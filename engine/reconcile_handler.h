/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What carries a diff out: removes, updates, adds, through the manager's controller. One that fails
 * stops no other.
 */
#pragma once

#include "manager.h"

enum correction_type {
	CORRECTION_PEER_REMOVED,
	CORRECTION_PEER_UPDATED,
	CORRECTION_PEER_ADDED,
};

struct correction {
	enum correction_type type;
	char *detail; /* "peer ID", or "peer KEY" where the id is unknown */
};

/* "peer_removed" and its like. */
const char *correction_type_name(enum correction_type type);

struct correction_list {
	struct correction *corrections;
	size_t count;
};

void correction_list_clear(struct correction_list *list);

/*
 * Failures are logged and returned together, as one text that names each peer; each success becomes
 * a correction. At the end of a pause what is left is not done, and
 * not a failure of its peer: returns -ECANCELED. `names` gives the ids of removed keys. On -ENOMEM
 * nothing was done and
 * `*ret_results` is untouched; else it has one result an operation, for peer_op_results_free.
 */
int reconcile_handler(struct manager *manager, const struct peer_diff *diff,
	const struct peer_names *names, struct peer_op_result **ret_results,
	struct correction_list *ret_corrections, struct diag *diag);
