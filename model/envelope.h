/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A signed event as received, with the bytes that its signature covers.
 */
#pragma once

#include "arena.h"

#include <stdbool.h>
#include <stdint.h>

#define SIGNATURE_BYTES 64

struct envelope_text {
	const char *text; /* NULL or empty: missing */
	size_t length;
};

struct envelope {
	struct envelope_text event_type;
	struct envelope_text event_id;
	struct envelope_text nonce;
	struct envelope_text payload; /* JSON as received; "null" if missing */
	bool has_issued_at;
	int64_t issued_at_ns;
	bool has_signature;      /* the member is present */
	bool signature_is_sound; /* it is base64 of 64 bytes */
	uint8_t signature[SIGNATURE_BYTES];
	struct envelope_text canonical; /* what the signature covers */
	struct arena arena;             /* owns all texts */
};

/* Free all texts; the envelope is zero afterwards. */
void envelope_clear(struct envelope *envelope);
