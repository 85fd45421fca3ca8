/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read signing keys in wire form: {"current", "previous"?, "transition_expires"?}, with keys in
 * base64 and the time as in RFC 3339. A previous key that is null or empty, or that has no
 * transition_expires, is ignored.
 */
#pragma once

#include "json_read.h"
#include "signing_keys.h"

/*
 * Errors put `place`, which is "" or "signing_keys", before the member's name. The caller checks
 * for repeated members. Returns 0, -ENOMEM, or -EINVAL with `signing_keys.current: missing`.
 */
int signing_keys_wire_read(struct json_reader *reader, struct json_span span, const char *place,
	struct signing_keys *ret, struct diag *diag);
/* Whether signing keys have a member of that name. */
bool signing_keys_wire_knows(struct json_span name);
