/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers of a scenario's plain values, for the tables of scenario_read_object.h. The comment of
 * each names the type of its target. Error texts never quote a secret.
 */
#pragma once

#include "scenario_read_object.h"

member_reader read_ignored;        /* nothing: the caller reads it */
member_reader read_any;            /* struct json_span: any value, as text */
member_reader read_object_text;    /* struct json_span: an object, as text */
member_reader read_array_text;     /* struct json_span: an array, as text */
member_reader read_string;         /* const char *: a string without a NUL in it */
member_reader read_string_bytes;   /* struct json_span: a string's characters */
member_reader read_interface_name; /* const char * */
member_reader read_texts;          /* struct text_array: an array of strings */
member_reader read_route;          /* struct sim_route: "PREFIX TABLE TYPE" */
member_reader read_bool;           /* bool */
member_reader read_count;          /* uint64_t: a whole number */
member_reader read_int;            /* int: a whole number, also negative */
member_reader read_port;           /* uint16_t: a whole number up to 65535 */
member_reader read_time;           /* int64_t: RFC 3339, in nanoseconds */
member_reader read_duration;       /* int64_t: such as 90s, in nanoseconds */
member_reader read_public_key;     /* struct key_public */
member_reader read_private_key;    /* struct key_secret, clamped; null or zero: none */
member_reader read_psk;            /* struct key_secret; null or zero: none */
member_reader read_endpoint; /* struct endpoint, as on a device: also port 0; null or empty: none */
