/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict base64 (RFC 4648, section 4): padded, no line breaks, no stray bits in the last digit.
 * Every byte string has exactly one encoding.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Return false if the text does not encode exactly `size` bytes; `ret` may then hold some bytes. */
bool base64_decode(const char *text, size_t length, uint8_t *ret, size_t size);
