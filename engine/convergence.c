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

/* FNV-1a: enough to tell a value from the one before it. */
static uint64_t digest_add(uint64_t digest, const void *data, size_t size)
{
	const uint8_t *bytes = data;
	for (size_t i = 0; i < size; i++)
		digest = (digest ^ bytes[i]) * UINT64_C(0x100000001b3);
	return digest;
}

static uint64_t field_digest(const struct peer_config *peer, enum peer_field_bit bit)
{
	const struct endpoint *endpoint = &peer->endpoint;
	uint64_t digest = UINT64_C(0xcbf29ce484222325);
	switch (bit) {
	case PEER_FIELD_BIT_ENDPOINT:
		digest = digest_add(digest, &endpoint->ip, sizeof endpoint->ip);
		digest = digest_add(digest, endpoint->zone, strlen(endpoint->zone));
		return digest_add(digest, &endpoint->port, sizeof endpoint->port);
	case PEER_FIELD_BIT_ALLOWED_IPS:
		return digest_add(digest, peer->allowed_ips,
			peer->allowed_ip_count * sizeof *peer->allowed_ips);
	case PEER_FIELD_BIT_PSK:
		return digest_add(digest, peer->psk.bytes, sizeof peer->psk.bytes);
	case PEER_FIELD_BIT_PERSISTENT_KEEPALIVE:
		return digest_add(
			digest, &peer->persistent_keepalive_s, sizeof peer->persistent_keepalive_s);
	case PEER_FIELD_COUNT:
		break;
	}
	return digest;
}

/* Whether `op` sends nothing that `before` had not sent already. */
static bool is_repeated(const struct acknowledged_op *before, const struct acknowledged_op *op)
{
	if (before->kind != op->kind || (before->fields & op->fields) != op->fields)
		return false;
	for (int bit = 0; bit < PEER_FIELD_COUNT; bit++)
		if ((op->fields & (1u << bit)) && before->wanted[bit] != op->wanted[bit])
			return false;
	return true;
}

/* How many cycles in a row have now sent this operation. */
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
		for (int bit = 0; op->desired && bit < PEER_FIELD_COUNT; bit++)
			noted->wanted[bit] = field_digest(op->desired, (enum peer_field_bit)bit);
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
