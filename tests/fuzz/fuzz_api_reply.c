/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers to a heartbeat and to a registration: two reads agree, accepted values are usable as they
 * are, and no error contains the token.
 */
#include "api_reply.h"
#include "diag.h"
#include "fuzz.h"
#include "state_wire.h"

#include <errno.h>
#include <string.h>

static void read_orders(const char *text, size_t length)
{
	struct api_orders one = {0}, other = {0};
	int error = api_reply_read_orders(text, length, &one, NULL);
	FUZZ_HOLDS(error == api_reply_read_orders(text, length, &other, NULL));
	FUZZ_HOLDS(one.reconcile == other.reconcile && one.rotate_keys == other.rotate_keys);
	FUZZ_HOLDS(!error || (!one.reconcile && !one.rotate_keys));
}

static void registration_check(const struct api_registration *registration)
{
	const char *token = registration->node_secret_key;
	FUZZ_HOLDS(api_node_id_is_valid(registration->node_id));
	FUZZ_HOLDS(registration->mesh_ip.family != IP_NONE);
	FUZZ_HOLDS(!key_public_is_zero(&registration->signing_public_key));
	FUZZ_HOLDS(*token);
	for (; *token; token++)
		FUZZ_HOLDS(*token > ' ' && *token < 0x7f);
	if (registration->peers.text) {
		const struct peer_wire_options options = {0};
		struct state_document peers;
		FUZZ_HOLDS(state_wire_read_peers(registration->peers.text,
				   registration->peers.length, &options, &peers, NULL) == 0);
		state_document_clear(&peers);
	}
}

void fuzz_one(const char *text, size_t length)
{
	struct diag diag = {0};
	struct arena arena = {0};
	struct api_registration registration = {.node_id = text};
	int error = api_reply_read_registration(text, length, &arena, &registration, &diag);
	if (error) {
		FUZZ_HOLDS(error == -EINVAL && registration.node_id == text);
		FUZZ_HOLDS(*diag_text(&diag));
		if (fuzz_has_secret(text, length, "\"node_secret_key\":\""))
			FUZZ_HOLDS(!fuzz_says_secret(diag_text(&diag)));
	} else {
		registration_check(&registration);
	}
	read_orders(text, length);
	arena_clear(&arena);
	diag_clear(&diag);
}
