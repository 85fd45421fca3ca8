/* SPDX-License-Identifier: Apache-2.0 */
/*
 * X25519, for WireGuard's key pairs. The caller must have called sodium_init.
 */
#pragma once

#include "key.h"

/* Derive the public key of a private key, which need not be clamped. */
void key_public_derive(const struct key_secret *secret, struct key_public *ret);
