/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text that may hold secrets: it grows, and every copy of it is wiped before its memory is given
 * back. One that could not grow stays as it was and says so from then on, so that a caller who
 * appends many times checks once.
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

/* Room for `more` bytes after the text. False when memory is out. */
bool secret_buffer_reserve(struct secret_buffer *buffer, size_t more);
void secret_buffer_append(struct secret_buffer *buffer, const char *bytes, size_t length);
void secret_buffer_append_text(struct secret_buffer *buffer, const char *text);
/* Wipes what stands after `length` bytes, and forgets that memory was out. */
void secret_buffer_truncate(struct secret_buffer *buffer, size_t length);
/* Wipes and frees; back to the zero state. */
void secret_buffer_clear(struct secret_buffer *buffer);
