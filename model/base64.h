/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standard base64, padded, in the one spelling that there is for some bytes: no stray bits, no line
 * breaks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* False if the text is not base64 of exactly `size` bytes; `ret` may then hold some of them. */
bool base64_decode(const char *text, size_t length, uint8_t *ret, size_t size);
