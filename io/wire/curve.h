/* SPDX-License-Identifier: Apache-2.0 */
/*
 * X25519: the key pairs of WireGuard. sodium_init must have been called.
 */
#pragma once

#include "key.h"

/* The public key of a private key, clamped or not. */
void key_public_derive(const struct key_secret *secret, struct key_public *ret);
