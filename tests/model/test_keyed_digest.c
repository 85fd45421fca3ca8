/* SPDX-License-Identifier: Apache-2.0 */
/* Digests of values that may be secret. */
#include "harness.h"

#include "keyed_digest.h"

/* The test vector of SipHash's authors: the key 00 to 0f, the bytes 00 to 0e. */
static void the_digest_is_siphash(void **state)
{
	static const uint8_t expected[] = {0xe5, 0x45, 0xbe, 0x49, 0x61, 0xca, 0x29, 0xa1};
	struct digest_key key;
	uint8_t bytes[15];
	for (uint8_t i = 0; i < DIGEST_KEY_BYTES; i++)
		key.bytes[i] = i;
	for (uint8_t i = 0; i < sizeof bytes; i++)
		bytes[i] = i;
	uint64_t digest = keyed_digest(&key, bytes, sizeof bytes);
	assert_memory_equal(&digest, expected, sizeof expected);
}

static void another_key_gives_another_digest(void **state)
{
	struct digest_key key = {{1}}, other = {{2}};
	assert_true(keyed_digest(&key, "psk", 3) == keyed_digest(&key, "psk", 3));
	assert_true(keyed_digest(&key, "psk", 3) != keyed_digest(&other, "psk", 3));
	assert_true(keyed_digest(&key, "psk", 3) != keyed_digest(&key, "pst", 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_digest_is_siphash),
		cmocka_unit_test(another_key_gives_another_digest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
