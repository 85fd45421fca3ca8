/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state document of a control plane or a state file: {"peers": [...], "signing_keys": {...}}.
 *
 * Peers are read one at a time, so that what is needed besides the result stays small. A peer that
 * cannot be used is an entry that says so (peer_wire.h), and bad signing keys leave the peers in
 * force. The text may hold preshared keys: wiping it is up to its owner.
 */
#pragma once

#include "peer_wire.h"

/*
 * Returns 0, -ENOMEM, or -EINVAL for a document that is refused whole: no JSON object, `peers`
 * missing, no array, too many or with too many allowed IPs in all, a member repeated outside the
 * peers. `*ret` is written on success only.
 */
int state_wire_read(const char *text, size_t length, const struct peer_wire_options *options,
	struct state_document *ret, struct diag *diag);
/* The same of an array of peers that stands alone. */
int state_wire_read_peers(const char *text, size_t length, const struct peer_wire_options *options,
	struct state_document *ret, struct diag *diag);

/*
 * Check a document that was read without limits against those of `options`. Return 0, or -E2BIG
 * with each limit that it exceeds, and the option that raises it.
 */
int state_wire_check_limits(const struct state_document *document,
	const struct peer_wire_options *options, struct diag *diag);
