/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model of the kernel that takes WireGuard's requests as the real one does: attribute by
 * attribute, in order, stopping at the first that it refuses. What comes before that has taken
 * effect.
 *
 * It accepts nothing that the real one would reject: nests without their flag, payloads of another
 * length, unknown attributes.
 */
#pragma once

#include "wg_apply.h"

#define MODEL_FAMILY 30
#define MODEL_INDEX  7

struct model_peer {
	struct key_public key;
	struct key_secret psk;
	struct endpoint endpoint; /* its zone: the index, as text */
	uint16_t keepalive_s;
};

struct model_prefix {
	struct prefix prefix;
	struct key_public owner;
};

/* What the model refuses, with `error`. */
struct model_refusal {
	struct key_public key;
	bool is_for_prefix; /* only this prefix of the peer; what comes before it takes effect */
	struct prefix prefix;
	int error;
};

#define MODEL_REFUSALS_MAX 16
#define MODEL_LOG_BYTES    (64 * 1024)

struct kernel_model {
	struct key_secret private_key;
	uint16_t listen_port;
	struct model_peer *peers; /* in the order of their creation */
	size_t peer_count;
	struct model_prefix *prefixes; /* as well */
	size_t prefix_count;

	bool can_remove_prefixes;
	enum wg_prefix_removal policy; /* what its policy dump reports */
	struct model_refusal refusals[MODEL_REFUSALS_MAX];
	size_t refusal_count;
	/*
	 * The next `spared` requests succeed, and the one after fails with `error`, if that is not
	 * 0.
	 */
	size_t spared;
	int failure;             /* negative errno */
	bool failure_is_lasting; /* and all after it */
	bool failure_is_silent;  /* no answer of the kernel: the request may have taken effect */

	/* Called after each change, however small. */
	void (*observe)(void *impl, const struct kernel_model *model);
	void *observer;

	size_t attempt_count; /* of requests, including those that failed */
	size_t set_count, read_count;
	size_t bytes_max;          /* of a request */
	size_t at_once_max;        /* requests */
	size_t removals_max;       /* of peers, in a request */
	char log[MODEL_LOG_BYTES]; /* a line for each peer of each request, and one between them */
};

void kernel_model_clear(struct kernel_model *model);
struct wg_channel kernel_model_channel(struct kernel_model *model);
/* As the kernel: 0 or a negative errno. */
int kernel_model_set(struct kernel_model *model, struct nl_msg *message);
/* In canonical form. */
void kernel_model_read(const struct kernel_model *model, struct device *ret);
/* NULL if there is none. */
const struct model_peer *kernel_model_find(
	const struct kernel_model *model, const struct key_public *key);
/* NULL if no peer has it. */
const struct key_public *kernel_model_owner(
	const struct kernel_model *model, const struct prefix *prefix);
void kernel_model_refuse(struct kernel_model *model, struct model_refusal refusal);
/* The peers exist from the beginning. */
void kernel_model_load(struct kernel_model *model, const struct peer_table *peers);
