/* SPDX-License-Identifier: Apache-2.0 */
#include "signature.h"

#include <sodium.h>

_Static_assert(SIGNATURE_BYTES == crypto_sign_BYTES, "a signature of Ed25519");
_Static_assert(KEY_BYTES == crypto_sign_PUBLICKEYBYTES, "a public key of Ed25519");

static bool verify(void *impl, const struct key_public *key, const char *message, size_t length,
	const uint8_t signature[SIGNATURE_BYTES])
{
	return crypto_sign_verify_detached(
		       signature, (const unsigned char *)message, length, key->bytes) == 0;
}

struct signature_check signature_check_ed25519(void)
{
	return (struct signature_check){.verify = verify};
}
