/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing buffer for text that may hold secrets: every copy of it is wiped before its memory is
 * freed. When an append fails for want of memory the text stays as it was, `out_of_memory` is set
 * and later appends do nothing, so that a caller can append many times and check once. The zero
 * state is an empty buffer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct secret_buffer {
	char *bytes;
	size_t length;
	size_t capacity;
	bool out_of_memory;
};

/* Make room for `more` bytes after the text. Return false when out of memory. */
bool secret_buffer_reserve(struct secret_buffer *buffer, size_t more);
void secret_buffer_append(struct secret_buffer *buffer, const char *bytes, size_t length);
void secret_buffer_append_text(struct secret_buffer *buffer, const char *text);
/* Wipe all but the first `length` bytes, and reset `out_of_memory`. */
void secret_buffer_truncate(struct secret_buffer *buffer, size_t length);
/* Wipe and free; the buffer returns to the zero state. */
void secret_buffer_clear(struct secret_buffer *buffer);
