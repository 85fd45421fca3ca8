/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of 32 bytes, in two types that the compiler keeps apart. A public key can be formatted and
 * ordered; a secret key (private or preshared) can only be compared and wiped.
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

/* A key in base64, NUL included. Use as `key_public_format(&key).text`. */
struct key_text {
	char text[45];
};

/*
 * Parse a key from base64, 44 characters. An all-zero public key is rejected. Return 0, or -EINVAL
 * with a text that names the fault and never quotes the value.
 */
int key_public_parse(const char *text, size_t length, struct key_public *ret, struct diag *diag);
int key_secret_parse(const char *text, size_t length, struct key_secret *ret, struct diag *diag);

struct key_text key_public_format(const struct key_public *key);
int key_public_compare(const struct key_public *a, const struct key_public *b);
bool key_public_equal(const struct key_public *a, const struct key_public *b);
bool key_public_is_zero(const struct key_public *key);

/* Compare in constant time. A zero preshared key, or a device's zero private key, means none. */
bool key_secret_equal(const struct key_secret *a, const struct key_secret *b);
bool key_secret_is_zero(const struct key_secret *key);

/* Set the bits that Curve25519 fixes in a private key, as the kernel does when it gets one. */
void key_secret_clamp(struct key_secret *key);
void key_secret_wipe(struct key_secret *key);
