/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executes operation lists on a controller: as a whole if the controller accepts lists, else one by
 * one in order. A failed operation does not stop the others. `pause` (or NULL) is called between
 * them; once it ends the work, the remaining operations fail with -ECANCELED.
 */
#pragma once

#include "controller.h"

/* Return one result for each operation. Return NULL when out of memory; nothing was done then. */
struct peer_op_result *executor_run(const struct controller *controller, const char *interface,
	const struct peer_op *ops, size_t op_count, const struct pause *pause);
void peer_op_results_free(struct peer_op_result *results, size_t count);
/* The operation failed with the text of `diag`, or was cancelled (NULL). A result that is an error
 * already is unchanged. */
void peer_op_result_fail(struct peer_op_result *result, int error, const struct diag *diag);
