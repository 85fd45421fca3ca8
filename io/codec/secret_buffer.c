/* SPDX-License-Identifier: Apache-2.0 */
#include "secret_buffer.h"

#include "secret_memory.h"

#include <stdint.h>
#include <string.h>

bool secret_buffer_reserve(struct secret_buffer *buffer, size_t more)
{
	if (buffer->capacity - buffer->length >= more)
		return true;
	if (more > SIZE_MAX / 2 - buffer->capacity) {
		buffer->out_of_memory = true;
		return false;
	}
	size_t capacity = 2 * buffer->capacity + more;
	char *bytes = secret_grow(buffer->bytes, buffer->capacity, buffer->length, capacity);
	if (!bytes) {
		buffer->out_of_memory = true;
		return false;
	}
	buffer->bytes = bytes;
	buffer->capacity = capacity;
	return true;
}

void secret_buffer_append(struct secret_buffer *buffer, const char *bytes, size_t length)
{
	if (buffer->out_of_memory || !secret_buffer_reserve(buffer, length))
		return;
	memcpy(buffer->bytes + buffer->length, bytes, length);
	buffer->length += length;
}

void secret_buffer_append_text(struct secret_buffer *buffer, const char *text)
{
	secret_buffer_append(buffer, text, strlen(text));
}

void secret_buffer_truncate(struct secret_buffer *buffer, size_t length)
{
	if (length < buffer->length) {
		explicit_bzero(buffer->bytes + length, buffer->length - length);
		buffer->length = length;
	}
	buffer->out_of_memory = false;
}

void secret_buffer_clear(struct secret_buffer *buffer)
{
	secret_free(buffer->bytes, buffer->capacity);
	*buffer = (struct secret_buffer){0};
}
