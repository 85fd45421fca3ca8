/* SPDX-License-Identifier: Apache-2.0 */
#include "wg_batch.h"

#include "diag.h"
#include "executor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The state of one wg_batch_run. */
struct run {
	const struct wg_batch *batch;
	struct wg_steps steps; /* while repairing, `count` excludes later steps that are done */
	struct peer_op_result *results;
	struct wg_cursor cursor;
	size_t suspect_count; /* this many pieces from the cursor on include a refused one */
	size_t window;        /* pieces to send at a time while none is suspect */
	bool is_repairing;    /* repeats one message of several; send one at a time */
	bool has_leftover;    /* the temporary peer may still exist */
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

static size_t piece_op(const struct run *run, struct wg_cursor at)
{
	const struct wg_step *step = &run->steps.steps[at.step];
	return step->kind == WG_STEP_STEAL ? step->prefix_ops[at.prefix] : step->op;
}

static void rest_fail(struct run *run, int error, const struct diag *diag)
{
	struct wg_cursor at = run->cursor;
	for (; at.step < run->steps.count; at = (struct wg_cursor){.step = at.step + 1}) {
		const struct wg_step *step = &run->steps.steps[at.step];
		if (step->kind != WG_STEP_STEAL)
			peer_op_result_fail(&run->results[step->op], error, diag);
		else
			for (; at.prefix < step->prefix_count; at.prefix++)
				peer_op_result_fail(
					&run->results[step->prefix_ops[at.prefix]], error, diag);
	}
	run->cursor = at;
}

/* Skip the refused piece: one prefix of a steal step, the rest of any other step. */
static void piece_skip(struct run *run)
{
	const struct wg_step *step = &run->steps.steps[run->cursor.step];
	run->cursor.prefix++;
	if (step->kind != WG_STEP_STEAL || run->cursor.prefix == step->prefix_count)
		run->cursor = (struct wg_cursor){.step = run->cursor.step + 1};
}

/* A message refused between creating and removing the temporary peer leaves the peer behind. */
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

/* The operation that reports a leftover temporary peer: the first that needed one. */
static size_t leftover_op(const struct run *run)
{
	for (size_t i = 0; i < run->steps.count; i++)
		if (run->steps.steps[i].kind == WG_STEP_STEAL)
			return run->steps.steps[i].op;
	return 0;
}

static void leftover_report(struct run *run, int error, struct diag *diag)
{
	size_t op = leftover_op(run);
	struct peer_op_result *result = &run->results[op];
	diag_wrap(diag, error, "the temporary peer %s is left on the device",
		key_public_format(run->batch->temporary_key).text);
	if (result->error == -ECANCELED)
		result->error = 0;
	if (!result->error) {
		peer_op_result_fail(&run->results[op], error, diag);
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
 * After a refusal the next message is small and later ones grow again, so that many refused
 * operations in a row cost one message each.
 */
static void message_refused(
	struct run *run, const struct wg_message *message, int error, const struct diag *diag)
{
	run->has_leftover |= message->has_temporary;
	if (message->piece_count > 1) {
		run->suspect_count = message->piece_count;
		return;
	}
	peer_op_result_fail(&run->results[piece_op(run, run->cursor)], error, diag);
	piece_skip(run);
	run->suspect_count = 0;
	run->window = 1;
}

static void message_settle(
	struct run *run, const struct wg_message *message, const struct netlink_request *request)
{
	if (!request->error)
		message_accepted(run, message);
	else if (request->is_refused && !wg_error_is_of_device(request->error))
		message_refused(run, message, request->error, &request->diag);
	else
		rest_fail(run, request->error, &request->diag);
}

/*
 * Encode the first half of the suspect pieces. The kernel has executed every piece before the
 * refused one: if this half holds it, the refusal comes again; if not, it is further on.
 */
static int next_encode(struct run *run, struct wg_cursor begin, struct wg_message *ret)
{
	const struct wg_batch *batch = run->batch;
	struct wg_limits limits = batch->limits;
	bool is_again = run->suspect_count > 0;
	limits.pieces = run->suspect_count > 1 ? run->suspect_count / 2
			: is_again             ? 1
					       : run->window;
	return wg_encode_steps(&batch->target, &run->steps, &limits, begin, is_again, ret);
}

/* Encode the next message, and those that can be sent together with it. */
static int messages_encode(struct run *run, struct wg_message *ret, size_t *ret_count)
{
	size_t max = run->batch->sender.send_all && !run->suspect_count && !run->is_repairing
			     ? run->batch->limits.messages
			     : 1;
	size_t count = 1;
	int error = next_encode(run, run->cursor, &ret[0]);
	if (error)
		return error;
	while (count < max && count < NETLINK_REQUESTS_MAX && ret[count - 1].stands_alone &&
		ret[count - 1].end.step < run->steps.count &&
		next_encode(run, ret[count - 1].end, &ret[count]) == 0) {
		if (!ret[count].stands_alone) {
			wg_message_free(ret[count].message);
			break;
		}
		count++;
	}
	*ret_count = count;
	return 0;
}

static void requests_send(struct run *run, struct netlink_request *requests, size_t count)
{
	const struct wg_sender *sender = &run->batch->sender;
	if (count > 1)
		sender->send_all(sender->impl, requests, count);
	else
		requests->error = sender->send(
			sender->impl, requests->message, &requests->is_refused, &requests->diag);
}

static void run_next(struct run *run);

/* Run the steps that are left, or cancel them at the end of a pause. */
static void steps_run(struct run *run)
{
	while (run->cursor.step < run->steps.count && !pause_take(run->batch->pause))
		run_next(run);
	rest_fail(run, -ECANCELED, NULL);
}

/* The messages after a refused one are already done, so repairing goes through its steps only. */
static void messages_settle(struct run *run, const struct wg_message *messages,
	const struct netlink_request *requests, size_t count)
{
	size_t step_count = run->steps.count;
	for (size_t i = 0; i + 1 < count; i++) {
		run->steps.count = messages[i].end.step;
		run->is_repairing = true;
		message_settle(run, &messages[i], &requests[i]);
		steps_run(run);
		run->is_repairing = false;
		run->suspect_count = 0;
	}
	run->steps.count = step_count;
	message_settle(run, &messages[count - 1], &requests[count - 1]);
}

static void run_next(struct run *run)
{
	struct wg_message messages[NETLINK_REQUESTS_MAX];
	struct netlink_request requests[NETLINK_REQUESTS_MAX] = {0};
	size_t count = 0;
	int error = messages_encode(run, messages, &count);
	if (error) {
		struct diag diag = {0};
		diag_fail_errno(&diag, error);
		rest_fail(run, error, &diag);
		diag_clear(&diag);
		return;
	}
	for (size_t i = 0; i < count; i++)
		requests[i].message = messages[i].message;
	requests_send(run, requests, count);
	for (size_t i = 0; i < count; i++)
		wg_message_free(messages[i].message);
	messages_settle(run, messages, requests, count);
	for (size_t i = 0; i < count; i++)
		diag_clear(&requests[i].diag);
}

void wg_batch_run(
	const struct wg_batch *batch, const struct wg_steps *steps, struct peer_op_result *results)
{
	struct run run = {.batch = batch,
		.steps = *steps,
		.results = results,
		.window = batch->limits.pieces};
	steps_run(&run);
	if (!run.has_leftover)
		return;
	struct diag diag = {0};
	int error = leftover_remove(&run, &diag);
	if (run.has_leftover)
		leftover_report(&run, error, &diag);
	diag_clear(&diag);
}
