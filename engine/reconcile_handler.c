/* SPDX-License-Identifier: Apache-2.0 */
#include "reconcile_handler.h"

#include "diag.h"
#include "executor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

const char *correction_type_name(enum correction_type type)
{
	static const char *const names[] = {
		[CORRECTION_PEER_REMOVED] = "peer_removed",
		[CORRECTION_PEER_UPDATED] = "peer_updated",
		[CORRECTION_PEER_ADDED] = "peer_added",
	};
	return names[type];
}

static enum correction_type correction_of(enum peer_op_kind kind)
{
	switch (kind) {
	case PEER_OP_REMOVE:
		return CORRECTION_PEER_REMOVED;
	case PEER_OP_UPDATE:
		return CORRECTION_PEER_UPDATED;
	case PEER_OP_ADD:
		break;
	}
	return CORRECTION_PEER_ADDED;
}

/* The peer of an operation, as errors and logs name it. */
struct op_subject {
	const char *id; /* NULL if unknown */
	struct key_text key;
	const char *name; /* the id, else the key */
};

static void op_subject_find(
	const struct peer_op *op, const struct peer_names *names, struct op_subject *ret)
{
	ret->id = op->desired ? op->desired->id : peer_names_find(names, peer_op_key(op));
	ret->key = key_public_format(peer_op_key(op));
	ret->name = ret->id ? ret->id : ret->key.text;
}

static void op_log(const struct manager *manager, enum log_message message,
	const struct op_subject *subject, const char *operation, const char *error)
{
	log_line(&manager->logger, message, "operation", operation, "peer_id", subject->id,
		"public_key", subject->id ? NULL : subject->key.text, "error", error, NULL);
}

static void op_fail(struct manager *manager, const struct peer_op *op,
	const struct op_subject *subject, const struct peer_op_result *result,
	struct diag *failures)
{
	const char *reason = result->error_text ? result->error_text : "out of memory";
	manager_note_error(manager, result->error);
	diag_add(failures, result->error, "%s peer %s: %s", peer_op_kind_name(op->kind),
		subject->name, reason);
	op_log(manager, LOG_PEER_OPERATION_FAILED, subject, peer_op_kind_name(op->kind), reason);
}

static void op_succeed(struct manager *manager, const struct peer_op *op,
	const struct op_subject *subject, struct correction_list *corrections)
{
	static const enum log_message messages[] = {
		[PEER_OP_REMOVE] = LOG_PEER_REMOVED,
		[PEER_OP_UPDATE] = LOG_PEER_UPDATED,
		[PEER_OP_ADD] = LOG_PEER_ADDED,
	};
	op_log(manager, messages[op->kind], subject, NULL, NULL);
	struct correction *correction = &corrections->corrections[corrections->count];
	correction->type = correction_of(op->kind);
	if (asprintf(&correction->detail, "peer %s", subject->name) >= 0)
		corrections->count++;
}

void correction_list_clear(struct correction_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->corrections[i].detail);
	free(list->corrections);
	*list = (struct correction_list){0};
}

int reconcile_handler(struct manager *manager, const struct peer_diff *diff,
	const struct peer_names *names, struct peer_op_result **ret_results,
	struct correction_list *ret_corrections, struct diag *diag)
{
	size_t op_count = peer_diff_op_count(diff);
	struct correction_list list = {
		.corrections = calloc(op_count ? op_count : 1, sizeof *list.corrections)};
	struct peer_op_result *results = NULL;
	if (list.corrections)
		results = executor_run(&manager->controller, manager->config.interface_name,
			diff->ops, op_count, &manager->pause);
	if (!results) {
		free(list.corrections);
		return diag_add(diag, -ENOMEM, "out of memory");
	}
	int error = 0;
	for (size_t i = 0; i < op_count; i++) {
		struct op_subject subject;
		if (results[i].error == -ECANCELED) {
			error = -ECANCELED;
			continue;
		}
		op_subject_find(&diff->ops[i], names, &subject);
		if (!results[i].error) {
			op_succeed(manager, &diff->ops[i], &subject, &list);
			continue;
		}
		op_fail(manager, &diff->ops[i], &subject, &results[i], diag);
		if (!error)
			error = -EIO;
	}
	*ret_results = results;
	*ret_corrections = list;
	return error;
}
