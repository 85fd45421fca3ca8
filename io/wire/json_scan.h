/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks JSON text whole before anything is read from it: RFC 8259 to the letter, valid UTF-8, at
 * most JSON_DEPTH_MAX arrays and objects within each other, nothing but white space after the
 * value. A byte order mark before it, as some editors leave it, is skipped. No tree is made, no
 * memory is taken, and the stack does not grow with the text.
 *
 * What it passes is walked over with json_span.h.
 */
#pragma once

#include "json_span.h"

#define JSON_DEPTH_MAX 128

/*
 * `*ret` is the value, without the white space around it, and borrows from `text`. Returns 0 or
 * -EINVAL with the place counted from 0 (`byte 17: unexpected character`) and nothing of the text.
 */
int json_scan_document(const char *text, size_t length, struct json_span *ret, struct diag *diag);
/* The same; on failure `*ret_fault` is that place. */
int json_scan_document_to(const char *text, size_t length, struct json_span *ret, size_t *ret_fault,
	struct diag *diag);
