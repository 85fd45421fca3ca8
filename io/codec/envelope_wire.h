/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read a signed event from the data of a server-sent event.
 */
#pragma once

#include "envelope.h"

#include <stddef.h>

struct diag;

/*
 * Returns 0, -ENOMEM, or -EINVAL with a text that begins with `malformed: `: not a JSON object, a
 * member repeated or of the wrong type, no event_type, or an invalid issued_at. engine/verifier.h
 * reports other missing members. `*ret` is written on success only.
 */
int envelope_wire_read(const char *data, size_t length, struct envelope *ret, struct diag *diag);
