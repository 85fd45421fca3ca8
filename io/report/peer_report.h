/*
 * One field of a peer for people and for programs. A preshared key shows only whether there is one.
 */
#pragma once

#include "peer_config.h"

#include <json-c/json.h>
#include <stdio.h>

/* The caller owns the result; NULL where there is no value, and when memory is out. */
struct json_object *peer_field_json(const struct peer_config *peer, enum peer_field_bit bit);
/* The members of PEER_FIELDS whose bits `fields` has, as an object; NULL when memory is out. */
struct json_object *peer_fields_json(const struct peer_config *peer, unsigned fields);
void peer_field_print(FILE *out, const struct peer_config *peer, enum peer_field_bit bit);

/* Foreign text, quoted only where a terminal or a reader could be misled. */
void text_print(FILE *out, const char *text);
