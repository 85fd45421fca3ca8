/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A digest that tells a value from others without giving it away: whoever does not know the key,
 * which is random and the process's own, learns nothing about a secret value from it (SipHash).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define DIGEST_KEY_BYTES 16

struct digest_key {
	uint8_t bytes[DIGEST_KEY_BYTES];
};

uint64_t keyed_digest(const struct digest_key *key, const void *data, size_t size);
