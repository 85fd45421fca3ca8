/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing keys in wire form: {"current", "previous"?, "transition_expires"?}, keys in base64, the
 * time as in RFC 3339. A previous key that is null or empty is none; so is one without the time at
 * which it ends.
 */
#pragma once

#include "json_read.h"
#include "signing_keys.h"

/*
 * `place` is put before the member's name in errors: "" or "signing_keys". Repeated members are the
 * caller's to look for. Returns 0, -ENOMEM, or -EINVAL with `signing_keys.current: missing`.
 */
int signing_keys_wire_read(struct json_reader *reader, struct json_span span, const char *place,
	struct signing_keys *ret, struct diag *diag);
/* Whether signing keys have a member of that name. */
bool signing_keys_wire_knows(struct json_span name);
