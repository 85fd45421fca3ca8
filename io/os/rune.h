/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Characters of UTF-8, and which of them a terminal or a log may get as they are. This is the one
 * place that decides it, for all that is printed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What rune_decode returns for a byte that begins no character. */
#define RUNE_BAD 0xFFFFFFFFu

/* Decodes the first character of `text`, which is not empty; RUNE_BAD has a length of 1. */
uint32_t rune_decode(const char *text, size_t *ret_length);

/*
 * False for RUNE_BAD and for characters that control a terminal, move or hide what stands around
 * them, or show nothing: those are printed as escapes. A space is shown, other spaces are not.
 */
bool rune_is_shown(uint32_t rune);

/* How many bytes `text` begins with that are shown as they are. */
size_t rune_shown_length(const char *text);
