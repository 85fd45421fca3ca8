/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers of values that only scenarios have, for the tables of json_object.h. The comment of
 * each names the type of its target. Error texts never quote a secret.
 */
#pragma once

#include "json_values.h"

json_reader read_ignored;        /* nothing: the caller reads it */
json_reader read_object_text;    /* struct json_span: an object, as text */
json_reader read_array_text;     /* struct json_span: an array, as text */
json_reader read_interface_name; /* const char * */
json_reader read_texts;          /* struct text_array: an array of strings */
json_reader read_route;          /* struct sim_route: "PREFIX TABLE TYPE" */
