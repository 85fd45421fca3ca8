/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers of plain values, for the tables of json_object.h. The comment of each names the type of
 * its target. Error texts never quote a secret.
 */
#pragma once

#include "json_object.h"

json_reader json_read_any;          /* struct json_span: any value, as text */
json_reader json_read_string;       /* const char *: a string without a NUL in it */
json_reader json_read_string_bytes; /* struct json_span: a string's characters */
json_reader json_read_bool;         /* bool */
json_reader json_read_count;        /* uint64_t: a whole number */
json_reader json_read_int;          /* int: a whole number, also negative */
json_reader json_read_port;         /* uint16_t: a whole number up to 65535 */
json_reader json_read_time;         /* int64_t: RFC 3339, in nanoseconds */
json_reader json_read_duration;     /* int64_t: such as 90s, in nanoseconds */
json_reader json_read_public_key;   /* struct key_public */
json_reader json_read_private_key;  /* struct key_secret, clamped; null or zero: none */
json_reader json_read_psk;          /* struct key_secret; null or zero: none */
json_reader
	json_read_endpoint; /* struct endpoint, as on a device: also port 0; null or empty: none */
json_reader json_read_mesh_ip; /* struct ip: the address of a node */
json_reader json_read_node_id; /* char *: from malloc; an empty one is NULL */
