/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Print the fields of a peer as JSON or as text. Of a preshared key, only whether there is one.
 */
#pragma once

#include "json_make.h"
#include "peer_config.h"

#include <stdio.h>

/* Add the fields of the mask (PEER_FIELD_*) to `object`; null for a field without a value. */
void peer_fields_make(struct json_make *make, struct json_object *object,
	const struct peer_config *peer, unsigned fields);
void peer_field_print(FILE *out, const struct peer_config *peer, enum peer_field_bit bit);
