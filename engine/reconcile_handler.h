/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executes a diff through the manager's controller. A failed operation does not stop the others.
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

/* Return the wire name, such as "peer_removed". */
const char *correction_type_name(enum correction_type type);

struct correction_list {
	struct correction *corrections;
	size_t count;
};

void correction_list_clear(struct correction_list *list);

/*
 * Execute the operations of `diff`. Failures are logged and returned as one text that names each
 * peer; each success becomes a correction. `names` supplies the ids of removed keys. If the
 * manager's pause ends the work, the remaining operations are not executed, do not count as
 * failures, and the result is -ECANCELED. On -ENOMEM nothing was done and both outputs are
 * unchanged; else `*ret_results` has one result for each operation (free it with
 * peer_op_results_free) and `*ret_corrections` the corrections.
 */
int reconcile_handler(struct manager *manager, const struct peer_diff *diff,
	const struct peer_names *names, struct peer_op_result **ret_results,
	struct correction_list *ret_corrections, struct diag *diag);
