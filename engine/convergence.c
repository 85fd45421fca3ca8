#include "convergence.h"

#include "controller.h"
#include "diag.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int compare_ops(const void *a, const void *b)
{
	const struct acknowledged_op *x = a, *y = b;
	return key_public_compare(&x->public_key, &y->public_key);
}

/* How many cycles in a row have now sent this operation. */
static unsigned cycles_in_row(const struct convergence *last, const struct acknowledged_op *op)
{
	const struct acknowledged_op *before = NULL;
	if (last->count)
		before = bsearch(op, last->ops, last->count, sizeof *last->ops, compare_ops);
	bool same =
		before && before->kind == op->kind && (before->fields & op->fields) == op->fields;
	return same ? before->cycles + 1 : 1;
}

static void stuck_report(const struct peer_op *op, unsigned cycles, const struct logger *logger,
	struct diag *failures)
{
	struct key_text key = key_public_format(peer_op_key(op));
	const char *id = op->desired ? op->desired->id : NULL;
	const char *kind = peer_op_kind_name(op->kind);
	diag_add(failures, -EIO, "%s peer %s: acknowledged in %u cycles in a row, and needed again",
		kind, id ? id : key.text, cycles);
	/* Said once, however long it lasts. */
	if (cycles == CONVERGENCE_CYCLES_MAX)
		log_line(logger, LOG_LEVEL_ERROR, "Peer does not converge", "operation", kind,
			"peer_id", id, "public_key", key.text, NULL);
}

int convergence_note(struct convergence *convergence, const struct peer_diff *diff,
	const struct peer_op_result *results, const struct logger *logger, struct diag *failures)
{
	size_t op_count = peer_diff_op_count(diff);
	struct convergence next = {0};
	int error = 0;
	if (op_count)
		next.ops = calloc(op_count, sizeof *next.ops);
	if (op_count && !next.ops) {
		convergence_clear(convergence);
		return diag_add(failures, -ENOMEM, "out of memory");
	}
	for (size_t i = 0; i < op_count; i++) {
		const struct peer_op *op = &diff->ops[i];
		if (results[i].error)
			continue;
		struct acknowledged_op *noted = &next.ops[next.count++];
		*noted = (struct acknowledged_op){
			.public_key = *peer_op_key(op), .kind = op->kind, .fields = op->fields};
		noted->cycles = cycles_in_row(convergence, noted);
		if (noted->cycles >= CONVERGENCE_CYCLES_MAX) {
			stuck_report(op, noted->cycles, logger, failures);
			error = -EIO;
		}
	}
	if (next.count)
		qsort(next.ops, next.count, sizeof *next.ops, compare_ops);
	convergence_clear(convergence);
	*convergence = next;
	return error;
}

void convergence_clear(struct convergence *convergence)
{
	free(convergence->ops);
	*convergence = (struct convergence){0};
}
