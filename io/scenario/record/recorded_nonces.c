/* SPDX-License-Identifier: Apache-2.0 */
#include "recorded_nonces.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct recorded_nonce *nonce_find(
	const struct recorded_nonces *nonces, const struct anonymous_token *token)
{
	for (size_t i = 0; i < nonces->count; i++)
		if (strcmp(nonces->nonces[i].token.text, token->text) == 0)
			return &nonces->nonces[i];
	return NULL;
}

static void nonces_forget(struct recorded_nonces *nonces, int64_t at_ns)
{
	size_t left = 0;
	for (size_t i = 0; i < nonces->count; i++)
		if (nonces->nonces[i].until_ns >= at_ns)
			nonces->nonces[left++] = nonces->nonces[i];
	nonces->count = left;
}

static int nonces_append(struct recorded_nonces *nonces, const struct recorded_nonce *nonce)
{
	if (nonces->count == nonces->capacity) {
		size_t capacity = nonces->capacity ? nonces->capacity * 2 : 16;
		struct recorded_nonce *larger =
			reallocarray(nonces->nonces, capacity, sizeof *larger);
		if (!larger)
			return -ENOMEM;
		nonces->nonces = larger;
		nonces->capacity = capacity;
	}
	nonces->nonces[nonces->count++] = *nonce;
	return 0;
}

int recorded_nonces_add(struct recorded_nonces *nonces, const struct anonymous_token *token,
	int64_t at_ns, int64_t until_ns, unsigned *ret_generation)
{
	nonces_forget(nonces, at_ns);
	struct recorded_nonce *known = nonce_find(nonces, token);
	if (known) {
		known->until_ns = until_ns;
		*ret_generation = ++known->generation;
		return 0;
	}
	*ret_generation = 0;
	return nonces_append(
		nonces, &(struct recorded_nonce){.token = *token, .until_ns = until_ns});
}

bool recorded_nonces_find(const struct recorded_nonces *nonces, const struct anonymous_token *token,
	int64_t at_ns, unsigned *ret_generation)
{
	const struct recorded_nonce *known = nonce_find(nonces, token);
	if (!known || known->until_ns < at_ns)
		return false;
	*ret_generation = known->generation;
	return true;
}

void recorded_nonces_clear(struct recorded_nonces *nonces)
{
	free(nonces->nonces);
	*nonces = (struct recorded_nonces){0};
}
