/* SPDX-License-Identifier: Apache-2.0 */
#include "keyed_digest.h"

#include <sodium.h>

_Static_assert(DIGEST_KEY_BYTES == crypto_shorthash_KEYBYTES, "the size of a key");
_Static_assert(sizeof(uint64_t) == crypto_shorthash_BYTES, "the size of a digest");

uint64_t keyed_digest(const struct digest_key *key, const void *data, size_t size)
{
	uint64_t digest;
	crypto_shorthash((unsigned char *)&digest, data, size, key->bytes);
	return digest;
}
