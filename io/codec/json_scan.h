/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Check a whole JSON text before anything is read from it: strict RFC 8259, valid UTF-8, at most
 * JSON_DEPTH_MAX nested arrays and objects, nothing but white space after the value. A leading byte
 * order mark is skipped. The scanner builds no tree, allocates nothing, and does not recurse.
 *
 * json_span.h reads text that passed.
 */
#pragma once

#include "json_span.h"

#define JSON_DEPTH_MAX 128

/*
 * Set `*ret` to the value without the white space around it; it borrows from `text`. Returns 0, or
 * -EINVAL with the offset (`byte 17: unexpected character`); the error quotes none of the text.
 */
int json_scan_document(const char *text, size_t length, struct json_span *ret, struct diag *diag);
/* The same; on failure `*ret_fault` is that offset. */
int json_scan_document_to(const char *text, size_t length, struct json_span *ret, size_t *ret_fault,
	struct diag *diag);
