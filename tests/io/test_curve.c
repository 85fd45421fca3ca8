/* SPDX-License-Identifier: Apache-2.0 */
#include "curve.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The output of `wg pubkey` for 32 bytes of 1, which it clamps. */
static void a_public_key_is_derived_from_a_private_one(void **state)
{
	struct key_secret secret, clamped;
	struct key_public public_key;
	memset(secret.bytes, 1, sizeof secret.bytes);
	clamped = secret;
	key_secret_clamp(&clamped);
	key_public_derive(&secret, &public_key);
	assert_string_equal(key_public_format(&public_key).text,
		"pOCSkrZRwni5dyxWn1+puxPZBrRqtoyd+dwrRAn4ogk=");
	key_public_derive(&clamped, &public_key);
	assert_string_equal(key_public_format(&public_key).text,
		"pOCSkrZRwni5dyxWn1+puxPZBrRqtoyd+dwrRAn4ogk=");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_public_key_is_derived_from_a_private_one),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
