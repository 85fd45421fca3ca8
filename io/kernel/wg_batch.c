#include "wg_batch.h"

#include "diag.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A batch on its way. */
struct run {
	const struct wg_batch *batch;
	const struct wg_steps *steps;
	struct peer_op_result *results;
	struct wg_cursor cursor;
	size_t suspect_count; /* so many pieces from the cursor on have a refused one among them */
	size_t window;        /* how many pieces to send where there is no suspicion */
	bool has_leftover;    /* the temporary peer may still be there */
};

bool wg_error_is_of_device(int error)
{
	switch (-error) {
	case ENODEV:
	case EOPNOTSUPP: /* the link is of another kind */
	case EPERM:
	case EACCES:
	case ENOENT: /* no such generic netlink family */
		return true;
	default:
		return false;
	}
}

static void result_fail(struct run *run, size_t op, int error, const struct diag *diag)
{
	struct peer_op_result *result = &run->results[op];
	if (result->error)
		return;
	result->error = error;
	result->error_text = strdup(diag_text(diag));
}

static size_t piece_op(const struct run *run, struct wg_cursor at)
{
	const struct wg_step *step = &run->steps->steps[at.step];
	return step->kind == WG_STEP_TAKE ? step->prefix_ops[at.prefix] : step->op;
}

static void rest_fail(struct run *run, int error, const struct diag *diag)
{
	struct wg_cursor at = run->cursor;
	for (; at.step < run->steps->count; at = (struct wg_cursor){.step = at.step + 1}) {
		const struct wg_step *step = &run->steps->steps[at.step];
		if (step->kind != WG_STEP_TAKE)
			result_fail(run, step->op, error, diag);
		else
			for (; at.prefix < step->prefix_count; at.prefix++)
				result_fail(run, step->prefix_ops[at.prefix], error, diag);
	}
	run->cursor = at;
}

/* The refused piece is left behind: one prefix of a take step, the rest of any other. */
static void piece_skip(struct run *run)
{
	const struct wg_step *step = &run->steps->steps[run->cursor.step];
	run->cursor.prefix++;
	if (step->kind != WG_STEP_TAKE || run->cursor.prefix == step->prefix_count)
		run->cursor = (struct wg_cursor){.step = run->cursor.step + 1};
}

/* A message that was refused between making the temporary peer and removing it leaves it there. */
static int leftover_remove(struct run *run, struct diag *diag)
{
	const struct wg_batch *batch = run->batch;
	struct nl_msg *message = wg_encode_remove(&batch->target, batch->temporary_key);
	bool is_refused;
	int error = message ? batch->sender.send(batch->sender.impl, message, &is_refused, diag)
			    : diag_fail_errno(diag, -ENOMEM);
	wg_message_free(message);
	run->has_leftover = error && error != -ENODEV;
	return error;
}

/* Where the failure of a temporary peer to go is told: with the first operation it was made for. */
static size_t leftover_op(const struct run *run)
{
	for (size_t i = 0; i < run->steps->count; i++)
		if (run->steps->steps[i].kind == WG_STEP_TAKE)
			return run->steps->steps[i].op;
	return 0;
}

static void leftover_report(struct run *run, int error, struct diag *diag)
{
	size_t op = leftover_op(run);
	struct peer_op_result *result = &run->results[op];
	diag_wrap(diag, error, "the temporary peer %s is left on the device",
		key_public_format(run->batch->temporary_key).text);
	if (!result->error) {
		result_fail(run, op, error, diag);
		return;
	}
	struct diag both = {0};
	diag_fail(&both, error, "%s", result->error_text ? result->error_text : "failed");
	diag_join(&both, diag);
	char *text = strdup(diag_text(&both));
	diag_clear(&both);
	if (text) {
		free(result->error_text);
		result->error_text = text;
	}
}

static void message_accepted(struct run *run, const struct wg_message *message)
{
	run->cursor = message->end;
	if (message->has_temporary)
		run->has_leftover = false;
	if (run->suspect_count)
		run->suspect_count -= message->piece_count;
	else if (run->window < run->batch->limits.pieces / 2)
		run->window *= 2;
	else
		run->window = run->batch->limits.pieces;
}

/*
 * After a refusal the next message is a small one, and they grow again: many refused operations
 * in a row then cost one message each.
 */
static void message_refused(
	struct run *run, const struct wg_message *message, int error, const struct diag *diag)
{
	run->has_leftover |= message->has_temporary;
	if (message->piece_count > 1) {
		run->suspect_count = message->piece_count;
		return;
	}
	result_fail(run, piece_op(run, run->cursor), error, diag);
	piece_skip(run);
	run->suspect_count = 0;
	run->window = 1;
}

/*
 * Of suspect pieces the first half is sent. All of it was carried out before, as far as it can be:
 * the refused piece is either in it, and nothing behind that is reached, or comes after it.
 */
static void run_next(struct run *run)
{
	const struct wg_batch *batch = run->batch;
	struct diag diag = {0};
	struct wg_limits limits = batch->limits;
	struct wg_message message;
	bool is_again = run->suspect_count > 0;
	bool is_refused = false;
	limits.pieces = run->suspect_count > 1 ? run->suspect_count / 2
			: is_again             ? 1
					       : run->window;
	int error = wg_encode_steps(
		&batch->target, run->steps, &limits, run->cursor, is_again, &message);
	if (error) {
		diag_fail_errno(&diag, error);
		rest_fail(run, error, &diag);
		diag_clear(&diag);
		return;
	}
	error = batch->sender.send(batch->sender.impl, message.message, &is_refused, &diag);
	wg_message_free(message.message);
	if (!error)
		message_accepted(run, &message);
	else if (is_refused && !wg_error_is_of_device(error))
		message_refused(run, &message, error, &diag);
	else
		rest_fail(run, error, &diag);
	diag_clear(&diag);
}

void wg_batch_run(
	const struct wg_batch *batch, const struct wg_steps *steps, struct peer_op_result *results)
{
	struct run run = {
		.batch = batch, .steps = steps, .results = results, .window = batch->limits.pieces};
	while (run.cursor.step < steps->count)
		run_next(&run);
	if (!run.has_leftover)
		return;
	struct diag diag = {0};
	int error = leftover_remove(&run, &diag);
	if (run.has_leftover)
		leftover_report(&run, error, &diag);
	diag_clear(&diag);
}
