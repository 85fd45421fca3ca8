/* SPDX-License-Identifier: Apache-2.0 */
/* Keys: parsing, rejecting, formatting, comparing, wiping. */
#include "harness.h"

/* base64 of 32 bytes of value 2, and of 32 zero bytes. */
#define TWOS  "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
#define ZEROS "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static void a_key_is_read_from_base64_and_written_back(void **state)
{
	struct key_public key, wanted = key_of(2);
	assert_int_equal(key_public_parse(TWOS, strlen(TWOS), &key, NULL), 0);
	assert_memory_equal(key.bytes, wanted.bytes, KEY_BYTES);
	assert_string_equal(key_public_format(&key).text, TWOS);
}

static void every_byte_of_a_key_survives_base64(void **state)
{
	struct key_public key, back;
	for (unsigned i = 0; i < 256; i++) {
		for (unsigned j = 0; j < KEY_BYTES; j++)
			key.bytes[j] = (uint8_t)(i + 7 * j);
		struct key_text text = key_public_format(&key);
		assert_int_equal(strlen(text.text), 44);
		assert_int_equal(key_public_parse(text.text, 44, &back, NULL), 0);
		assert_true(key_public_equal(&key, &back));
	}
}

static const struct {
	const char *what;
	const char *text;
	size_t length; /* 0: all of the text */
} refused[] = {
	{"empty", "", 0},
	{"one character short", "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI", 0},
	{"one character long", "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI==", 0},
	{"31 bytes", "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg==", 0},
	{"33 bytes", "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC", 0},
	{"stray bits", "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgJ=", 0},
	{"line break behind", TWOS "\n", 0},
	{"line break within", "AgICAgICAgICAgICAgICAgIC\nAgICAgICAgICAgICAgI=", 0},
	{"line break at the end, one byte less", "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=\n",
		0},
	{"blank before", " AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=", 0},
	{"alphabet for addresses", "__-_AgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=", 0},
	{"padding first", "=AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI", 0},
	{"padding within", "AgICAgICAgICAgICAg==AgICAgICAgICAgICAgICAgI=", 0},
	{"hexadecimal", "0202020202020202020202020202020202020202020202020202020202020202", 0},
	{"NUL within", "AgICAgICAgIC\0gICAgICAgICAgICAgICAgICAgICAgI=", 44},
	{"beyond ASCII", "\xc3\xa9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=", 0},
	{"only padding", "============================================", 0},
};

static void anything_but_base64_of_32_bytes_is_rejected(void **state)
{
	for (size_t i = 0; i < COUNT_OF(refused); i++) {
		struct diag diag = {0};
		struct key_public key = key_of(9), before = key;
		struct key_secret secret = secret_of(9), secret_before = secret;
		size_t length = refused[i].length ? refused[i].length : strlen(refused[i].text);
		if (key_public_parse(refused[i].text, length, &key, &diag) != -EINVAL)
			fail_msg("taken for a public key: %s", refused[i].what);
		assert_string_not_equal(diag_text(&diag), "");
		if (key_secret_parse(refused[i].text, length, &secret, &diag) != -EINVAL)
			fail_msg("taken for a secret key: %s", refused[i].what);
		assert_memory_equal(&key, &before, sizeof key);
		assert_memory_equal(&secret, &secret_before, sizeof secret);
		diag_clear(&diag);
	}
}

static void an_all_zero_public_key_is_none(void **state)
{
	struct key_public key;
	struct diag diag = {0};
	assert_int_equal(key_public_parse(ZEROS, strlen(ZEROS), &key, &diag), -EINVAL);
	assert_contains(diag_text(&diag), "zero");
	diag_clear(&diag);
}

static void an_all_zero_secret_is_read_and_means_none(void **state)
{
	struct key_secret key = secret_of(1);
	assert_int_equal(key_secret_parse(ZEROS, strlen(ZEROS), &key, NULL), 0);
	assert_true(key_secret_is_zero(&key));
	key.bytes[31] = 1;
	assert_false(key_secret_is_zero(&key));
}

static void the_error_of_a_bad_key_never_quotes_it(void **state)
{
	for (size_t i = 0; i < COUNT_OF(refused); i++) {
		struct diag diag = {0};
		struct key_secret secret;
		char start[7] = "";
		strncpy(start, refused[i].text, sizeof start - 1);
		if (strlen(start) < sizeof start - 1)
			continue;
		key_secret_parse(refused[i].text, strlen(refused[i].text), &secret, &diag);
		assert_lacks(diag_text(&diag), start);
		diag_clear(&diag);
	}
}

static void public_keys_are_ordered_by_their_bytes(void **state)
{
	struct key_public low = key_of(0x7f), high = key_of(0x80);
	assert_true(key_public_compare(&low, &high) < 0);
	assert_true(key_public_compare(&high, &low) > 0);
	assert_int_equal(key_public_compare(&low, &low), 0);
	struct key_public first = key_of(1), second = key_of(1);
	first.bytes[0] = 0;
	second.bytes[31] = 0;
	assert_true(key_public_compare(&first, &second) < 0);
}

static void one_bit_anywhere_makes_secrets_unequal(void **state)
{
	struct key_secret a = secret_of(0x55);
	for (unsigned bit = 0; bit < 8 * KEY_BYTES; bit++) {
		struct key_secret b = a;
		b.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(key_secret_equal(&a, &b));
		struct key_public x = key_of(0x55), y = x;
		y.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(key_public_equal(&x, &y));
	}
	struct key_secret same = secret_of(0x55);
	assert_true(key_secret_equal(&a, &same));
}

static void clamping_fixes_the_bits_that_curve25519_fixes(void **state)
{
	struct key_secret ones = secret_of(0xff), zeros = secret_of(0);
	key_secret_clamp(&ones);
	assert_int_equal(ones.bytes[0], 0xf8);
	assert_int_equal(ones.bytes[1], 0xff);
	assert_int_equal(ones.bytes[30], 0xff);
	assert_int_equal(ones.bytes[31], 0x7f);
	key_secret_clamp(&zeros);
	assert_int_equal(zeros.bytes[0], 0);
	assert_int_equal(zeros.bytes[31], 0x40);
	struct key_secret once = ones;
	key_secret_clamp(&ones);
	assert_true(key_secret_equal(&once, &ones));
}

static void a_wiped_secret_is_zero(void **state)
{
	struct key_secret key = secret_of(0xa5);
	key_secret_wipe(&key);
	assert_true(key_secret_is_zero(&key));
}

static void only_the_all_zero_public_key_is_zero(void **state)
{
	struct key_public key = key_of(0);
	assert_true(key_public_is_zero(&key));
	key.bytes[17] = 1;
	assert_false(key_public_is_zero(&key));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_is_read_from_base64_and_written_back),
		cmocka_unit_test(every_byte_of_a_key_survives_base64),
		cmocka_unit_test(anything_but_base64_of_32_bytes_is_rejected),
		cmocka_unit_test(an_all_zero_public_key_is_none),
		cmocka_unit_test(an_all_zero_secret_is_read_and_means_none),
		cmocka_unit_test(the_error_of_a_bad_key_never_quotes_it),
		cmocka_unit_test(public_keys_are_ordered_by_their_bytes),
		cmocka_unit_test(one_bit_anywhere_makes_secrets_unequal),
		cmocka_unit_test(clamping_fixes_the_bits_that_curve25519_fixes),
		cmocka_unit_test(a_wiped_secret_is_zero),
		cmocka_unit_test(only_the_all_zero_public_key_is_zero),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
