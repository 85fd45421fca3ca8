/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys: 32 bytes each, in two types that cannot be mistaken for each other. A public key can be
 * formatted and ordered; a secret one (private or preshared) can only be compared and wiped.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct diag;

#define KEY_BYTES 32

struct key_public {
	uint8_t bytes[KEY_BYTES];
};

struct key_secret {
	uint8_t bytes[KEY_BYTES];
};

/* Base64 of a key, with its NUL. Use as `key_public_format(&key).text`. */
struct key_text {
	char text[45];
};

/*
 * Reads standard base64: padded, 44 characters, no stray bits. An all-zero public key is none and
 * refused. Returns 0 or -EINVAL with a text that names the fault, never the value of a secret.
 */
int key_public_parse(const char *text, size_t length, struct key_public *ret, struct diag *diag);
int key_secret_parse(const char *text, size_t length, struct key_secret *ret, struct diag *diag);

struct key_text key_public_format(const struct key_public *key);
int key_public_compare(const struct key_public *a, const struct key_public *b);
bool key_public_equal(const struct key_public *a, const struct key_public *b);
bool key_public_is_zero(const struct key_public *key);

/* In constant time. Zero means "none" for a preshared key and for a device's private key. */
bool key_secret_equal(const struct key_secret *a, const struct key_secret *b);
bool key_secret_is_zero(const struct key_secret *key);

/* The bits that Curve25519 fixes in a private key, as the kernel does when one is set. */
void key_secret_clamp(struct key_secret *key);
void key_secret_wipe(struct key_secret *key);
