/* SPDX-License-Identifier: Apache-2.0 */
#include "base64.h"

#include <sodium.h>

/* libsodium 1.0.18 accepts every byte beyond ASCII as a digit. */
static bool is_ascii(const char *text, size_t length)
{
	uint8_t seen = 0;
	for (size_t i = 0; i < length; i++)
		seen |= (uint8_t)text[i];
	return seen < 0x80;
}

bool base64_decode(const char *text, size_t length, uint8_t *ret, size_t size)
{
	size_t decoded = 0;
	return is_ascii(text, length) &&
	       sodium_base642bin(ret, size, text, length, NULL, &decoded, NULL,
		       sodium_base64_VARIANT_ORIGINAL) == 0 &&
	       decoded == size;
}
