/* SPDX-License-Identifier: Apache-2.0 */
#include "curve.h"

#include <sodium.h>

_Static_assert(KEY_BYTES == crypto_scalarmult_curve25519_BYTES, "a point of Curve25519");
_Static_assert(KEY_BYTES == crypto_scalarmult_curve25519_SCALARBYTES, "a scalar of Curve25519");

void key_public_derive(const struct key_secret *secret, struct key_public *ret)
{
	/* libsodium clamps the secret. The base point cannot fail. */
	(void)crypto_scalarmult_curve25519_base(ret->bytes, secret->bytes);
}
