/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decode UTF-8, and decide which characters are printed unescaped: the one place that decides this,
 * for terminals and logs alike.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Returned by rune_decode for a byte that does not begin a valid character. */
#define RUNE_BAD 0xFFFFFFFFu

/* Decode the first character of `text`, which must not be empty. RUNE_BAD has length 1. */
uint32_t rune_decode(const char *text, size_t *ret_length);

/*
 * Whether the character is printed as it is. RUNE_BAD is not, nor are characters that control a
 * terminal, reorder or hide their neighbours, or are invisible. Of the spaces only U+0020 is.
 */
bool rune_is_shown(uint32_t rune);

/* Return the length in bytes of the longest start of `text` that needs no escapes. */
size_t rune_shown_length(const char *text);
