/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include "base64.h"

#define DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

static void bytes_have_one_spelling(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		bool is_sound;
	} cases[] = {
		{"", 0, true},
		{"AAE=", 2, true},
		{"AAE", 2, false},
		{"AAF=", 2, false}, /* stray bits */
		{"AA==", 1, true},
		{"AB==", 1, false},
		{"AA=", 1, false},
		{"AAEC", 3, true},
		{"AAEC", 2, false},
		{"AAEC", 4, false},
		{"AAEC\n", 3, false},
		{"AA EC", 3, false},
		{"A-_C", 3, false},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		uint8_t bytes[4];
		size_t length = strlen(cases[i].text);
		if (base64_decode(cases[i].text, length, bytes, cases[i].size) != cases[i].is_sound)
			fail_msg("%s of %zu bytes", cases[i].text, cases[i].size);
	}
}

/* With bytes beyond ASCII, which libsodium 1.0.18 accepts. */
static void only_the_64_characters_are_digits(void **state)
{
	for (int byte = 0; byte < 256; byte++) {
		for (size_t place = 0; place < 4; place++) {
			char text[] = "AAAA";
			uint8_t bytes[3];
			text[place] = (char)byte;
			bool is_digit = byte && strchr(DIGITS, byte);
			if (base64_decode(text, 4, bytes, 3) != is_digit)
				fail_msg("byte %02x at %zu", (unsigned)byte, place);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_have_one_spelling),
		cmocka_unit_test(only_the_64_characters_are_digits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
