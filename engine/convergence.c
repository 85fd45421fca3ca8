/* SPDX-License-Identifier: Apache-2.0 */
#include "convergence.h"

#include "controller.h"
#include "diag.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_ops(const void *a, const void *b)
{
	const struct acknowledged_op *x = a, *y = b;
	return key_public_compare(&x->public_key, &y->public_key);
}

static uint64_t endpoint_digest(const struct digest_key *key, const struct endpoint *endpoint)
{
	/* Member by member: padding and the bytes after the zone are not part of the value. */
	uint8_t bytes[sizeof endpoint->ip + sizeof endpoint->zone + sizeof endpoint->port] = {0};
	memcpy(bytes, &endpoint->ip, sizeof endpoint->ip);
	memcpy(bytes + sizeof endpoint->ip, &endpoint->port, sizeof endpoint->port);
	memcpy(bytes + sizeof endpoint->ip + sizeof endpoint->port, endpoint->zone,
		strlen(endpoint->zone));
	return keyed_digest(key, bytes, sizeof bytes);
}

static uint64_t field_digest(
	const struct digest_key *key, const struct peer_config *peer, enum peer_field_bit bit)
{
	switch (bit) {
	case PEER_FIELD_BIT_ENDPOINT:
		return endpoint_digest(key, &peer->endpoint);
	case PEER_FIELD_BIT_ALLOWED_IPS:
		return keyed_digest(
			key, peer->allowed_ips, peer->allowed_ip_count * sizeof *peer->allowed_ips);
	case PEER_FIELD_BIT_PSK:
		return keyed_digest(key, peer->psk.bytes, sizeof peer->psk.bytes);
	case PEER_FIELD_BIT_PERSISTENT_KEEPALIVE:
		return keyed_digest(
			key, &peer->persistent_keepalive_s, sizeof peer->persistent_keepalive_s);
	case PEER_FIELD_COUNT:
		break;
	}
	return 0;
}

/* Return whether `before` already sent everything that `op` sends. */
static bool is_repeated(const struct acknowledged_op *before, const struct acknowledged_op *op)
{
	if (before->kind != op->kind || (before->fields & op->fields) != op->fields)
		return false;
	for (int bit = 0; bit < PEER_FIELD_COUNT; bit++)
		if ((op->fields & (1u << bit)) && before->wanted[bit] != op->wanted[bit])
			return false;
	return true;
}

/* Return how many cycles in a row have sent this operation, including this one. */
static unsigned cycles_in_row(const struct convergence *last, const struct acknowledged_op *op)
{
	const struct acknowledged_op *before = NULL;
	if (last->count)
		before = bsearch(op, last->ops, last->count, sizeof *last->ops, compare_ops);
	return before && is_repeated(before, op) ? before->cycles + 1 : 1;
}

static void stuck_report(const struct peer_op *op, unsigned cycles, const struct logger *logger,
	struct diag *failures)
{
	struct key_text key = key_public_format(peer_op_key(op));
	const char *id = op->desired ? op->desired->id : NULL;
	const char *kind = peer_op_kind_name(op->kind);
	diag_add(failures, -EIO, "%s peer %s: acknowledged in %u cycles in a row without effect",
		kind, id ? id : key.text, cycles);
	/* Logged once, however long it lasts. */
	if (cycles == CONVERGENCE_CYCLES_MAX)
		log_line(logger, LOG_PEER_NOT_CONVERGING, "operation", kind, "peer_id", id,
			"public_key", key.text, NULL);
}

int convergence_note(struct convergence *convergence, const struct peer_diff *diff,
	const struct peer_op_result *results, const struct logger *logger, struct diag *failures)
{
	size_t op_count = peer_diff_op_count(diff);
	struct convergence next = {.key = convergence->key};
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
		for (int bit = 0; op->desired && bit < PEER_FIELD_COUNT; bit++)
			noted->wanted[bit] =
				field_digest(&next.key, op->desired, (enum peer_field_bit)bit);
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
	*convergence = (struct convergence){.key = convergence->key};
}
