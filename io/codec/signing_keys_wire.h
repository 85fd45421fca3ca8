/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read signing keys in wire form: {"current", "previous"?, "transition_expires"?}, with keys in
 * base64 and the time as in RFC 3339. A previous key that is null or empty, or that has no
 * transition_expires, is ignored.
 */
#pragma once

#include "json_object.h"
#include "signing_keys.h"

/* Of struct signing_keys. Errors are such as `current: missing`. Unknown members are ignored, or,
 * with the second, an error. */
json_reader signing_keys_wire_read;
json_reader signing_keys_wire_read_strictly;
/* Whether signing keys have a member of that name. */
bool signing_keys_wire_knows(struct json_span name);
