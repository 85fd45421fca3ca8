/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A signed event, as the data of a server-sent event holds it.
 */
#pragma once

#include "envelope.h"

#include <stddef.h>

struct diag;

/*
 * Returns 0, -ENOMEM, or -EINVAL with a text that begins with `malformed: `: no JSON object, a
 * member repeated or of the wrong type, no event_type, or an issued_at that is no time. What else
 * is missing is for engine/verifier.h to say. `*ret` is written on success only.
 */
int envelope_wire_read(const char *data, size_t length, struct envelope *ret, struct diag *diag);
