/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read the state document of a control plane or a state file: {"peers": [...], "signing_keys":
 * {...}}.
 *
 * Peers are read one at a time, so that little memory is needed besides the result. An invalid peer
 * makes an unusable entry (peer_wire.h), and invalid signing keys do not affect the peers. The text
 * may hold preshared keys; its owner wipes it.
 */
#pragma once

#include "peer_wire.h"

/*
 * Returns 0, -ENOMEM, or -EINVAL for a document that is rejected as a whole: not a JSON object;
 * `peers` missing, not an array, or over a limit; a member repeated outside the peers. `*ret` is
 * written on success only.
 */
int state_wire_read(const char *text, size_t length, const struct peer_wire_options *options,
	struct state_document *ret, struct diag *diag);
/* Read an array of peers without the document around it. Returns as state_wire_read. */
int state_wire_read_peers(const char *text, size_t length, const struct peer_wire_options *options,
	struct state_document *ret, struct diag *diag);

/*
 * Check a document that was read without limits against those of `options`. Return 0, or -E2BIG
 * with each limit that it exceeds, and the option that raises it.
 */
int state_wire_check_limits(const struct state_document *document,
	const struct peer_wire_options *options, struct diag *diag);
