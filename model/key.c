/* SPDX-License-Identifier: Apache-2.0 */
#include "key.h"

#include "base64.h"
#include "diag.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#define KEY_TEXT_LENGTH (sizeof(struct key_text) - 1)

/* The error does not quote the text: it may be a secret with one typing error. */
static int key_decode(const char *text, size_t length, uint8_t bytes[KEY_BYTES], struct diag *diag)
{
	if (length != KEY_TEXT_LENGTH)
		return diag_fail(diag, -EINVAL, "%zu characters, a key in base64 has %zu", length,
			KEY_TEXT_LENGTH);
	if (!base64_decode(text, length, bytes, KEY_BYTES))
		return diag_fail(diag, -EINVAL, "not base64 of %d bytes", KEY_BYTES);
	return 0;
}

int key_public_parse(const char *text, size_t length, struct key_public *ret, struct diag *diag)
{
	struct key_public key;
	int error = key_decode(text, length, key.bytes, diag);
	if (error)
		return error;
	if (key_public_is_zero(&key))
		return diag_fail(diag, -EINVAL, "all zero, which is no key");
	*ret = key;
	return 0;
}

int key_secret_parse(const char *text, size_t length, struct key_secret *ret, struct diag *diag)
{
	struct key_secret key = {0};
	int error = key_decode(text, length, key.bytes, diag);
	if (!error)
		*ret = key;
	key_secret_wipe(&key);
	return error;
}

struct key_text key_public_format(const struct key_public *key)
{
	struct key_text text;
	sodium_bin2base64(
		text.text, sizeof text.text, key->bytes, KEY_BYTES, sodium_base64_VARIANT_ORIGINAL);
	return text;
}

int key_public_compare(const struct key_public *a, const struct key_public *b)
{
	return memcmp(a->bytes, b->bytes, KEY_BYTES);
}

bool key_public_equal(const struct key_public *a, const struct key_public *b)
{
	return key_public_compare(a, b) == 0;
}

bool key_public_is_zero(const struct key_public *key)
{
	static const struct key_public zero;
	return key_public_equal(key, &zero);
}

/*
 * Collects differences without a branch, as sodium_memcmp does. A copy of its own, because a diff
 * of a million peers would otherwise make a million library calls.
 */
bool key_secret_equal(const struct key_secret *a, const struct key_secret *b)
{
	uint64_t difference = 0;
	for (size_t i = 0; i < KEY_BYTES; i += sizeof difference) {
		uint64_t x, y;
		memcpy(&x, a->bytes + i, sizeof x);
		memcpy(&y, b->bytes + i, sizeof y);
		difference |= x ^ y;
	}
	return difference == 0;
}

bool key_secret_is_zero(const struct key_secret *key)
{
	return sodium_is_zero(key->bytes, KEY_BYTES);
}

void key_secret_clamp(struct key_secret *key)
{
	key->bytes[0] &= 248;
	key->bytes[31] = (uint8_t)((key->bytes[31] & 127) | 64);
}

void key_secret_wipe(struct key_secret *key)
{
	sodium_memzero(key->bytes, KEY_BYTES);
}
