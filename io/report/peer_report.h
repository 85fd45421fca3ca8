/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One field of a peer for people and for programs. A preshared key shows only whether there is one.
 */
#pragma once

#include "json_make.h"
#include "peer_config.h"

#include <stdio.h>

/* The members of PEER_FIELDS whose bits `fields` has; null where there is no value. */
void peer_fields_make(struct json_make *make, struct json_object *object,
	const struct peer_config *peer, unsigned fields);
void peer_field_print(FILE *out, const struct peer_config *peer, enum peer_field_bit bit);
