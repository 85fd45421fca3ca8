/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A digest (SipHash) to compare secret values without storing them. The key is random and belongs
 * to the process: without it a digest reveals nothing about the value.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define DIGEST_KEY_BYTES 16

struct digest_key {
	uint8_t bytes[DIGEST_KEY_BYTES];
};

uint64_t keyed_digest(const struct digest_key *key, const void *data, size_t size);
