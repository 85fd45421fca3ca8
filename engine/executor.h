/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries operation lists out on a controller: as a whole where the controller takes lists, else
 * one by one, in order. One that fails stops no other. Takes `pause` (or NULL) between them; at its
 * end those that are left fail with -ECANCELED.
 */
#pragma once

#include "controller.h"

/* Returns the results, one for each operation; NULL when memory is out, nothing then being done. */
struct peer_op_result *executor_run(const struct controller *controller, const char *interface,
	const struct peer_op *ops, size_t op_count, const struct pause *pause);
void peer_op_results_free(struct peer_op_result *results, size_t count);
