/* SPDX-License-Identifier: Apache-2.0 */
#include "executor.h"

#include "diag.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void run_one(const struct controller *controller, const char *interface,
	const struct peer_op *op, struct peer_op_result *result)
{
	struct diag diag = {0};
	int error;
	if (op->kind == PEER_OP_REMOVE)
		error = controller->ops->remove_peer(
			controller->impl, interface, peer_op_key(op), &diag);
	else
		error = controller->ops->add_peer(controller->impl, interface, op, &diag);
	if (error)
		peer_op_result_fail(result, error, &diag);
	diag_clear(&diag);
}

static void run_all(const struct controller *controller, const char *interface,
	const struct peer_op *ops, size_t op_count, struct peer_op_result *results,
	const struct pause *pause)
{
	bool is_end = false;
	for (size_t i = 0; i < op_count; i++) {
		is_end = is_end || pause_take(pause);
		if (is_end)
			peer_op_result_fail(&results[i], -ECANCELED, NULL);
		else
			run_one(controller, interface, &ops[i], &results[i]);
	}
}

struct peer_op_result *executor_run(const struct controller *controller, const char *interface,
	const struct peer_op *ops, size_t op_count, const struct pause *pause)
{
	struct peer_op_result *results = calloc(op_count ? op_count : 1, sizeof *results);
	if (!results)
		return NULL;
	if (controller->ops->apply && op_count > 0)
		controller->ops->apply(controller->impl, interface, ops, op_count, results, pause);
	else
		run_all(controller, interface, ops, op_count, results, pause);
	return results;
}

void peer_op_result_fail(struct peer_op_result *result, int error, const struct diag *diag)
{
	if (result->error)
		return;
	result->error = error;
	if (diag)
		result->error_text = strdup(diag_text(diag));
}

void peer_op_results_free(struct peer_op_result *results, size_t count)
{
	if (!results)
		return;
	for (size_t i = 0; i < count; i++)
		free(results[i].error_text);
	free(results);
}
