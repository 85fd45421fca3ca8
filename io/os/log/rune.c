/* SPDX-License-Identifier: Apache-2.0 */
#include "rune.h"

uint32_t rune_decode(const char *text, size_t *ret_length)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *bytes = (const unsigned char *)text;
	size_t length = bytes[0] < 0x80 ? 1 : bytes[0] < 0xE0 ? 2 : bytes[0] < 0xF0 ? 3 : 4;
	uint32_t rune = length == 1 ? bytes[0] : bytes[0] & (0x7Fu >> length);
	*ret_length = 1;
	if (length > 1 && (bytes[0] < 0xC2 || bytes[0] > 0xF4))
		return RUNE_BAD;
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xC0) != 0x80)
			return RUNE_BAD;
		rune = rune << 6 | (bytes[i] & 0x3F);
	}
	if (rune < least[length] || rune > 0x10FFFF || (rune >= 0xD800 && rune <= 0xDFFF))
		return RUNE_BAD;
	*ret_length = length;
	return rune;
}

/*
 * From UnicodeData.txt and DerivedCoreProperties.txt of Unicode 15.0: the categories Cc, Cf, Zl,
 * Zp, Zs (but for U+0020), Cs and Co, the property Default_Ignorable_Code_Point (among them
 * variation selectors, tags and the ranges reserved for them), and noncharacters. Planes
 * 15 and 16 are private use.
 */
static const uint32_t hidden[][2] = {
	{0x0, 0x1F},
	{0x7F, 0xA0},
	{0xAD, 0xAD}, /* soft hyphen */
	{0x34F, 0x34F},
	{0x600, 0x605},
	{0x61C, 0x61C},
	{0x6DD, 0x6DD},
	{0x70F, 0x70F},
	{0x890, 0x891},
	{0x8E2, 0x8E2},
	{0x115F, 0x1160}, /* fillers of Hangul */
	{0x1680, 0x1680},
	{0x17B4, 0x17B5},
	{0x180B, 0x180F},
	{0x2000, 0x200F}, /* spaces, joiners, direction marks */
	{0x2028, 0x202F}, /* separators, direction overrides */
	{0x205F, 0x206F}, /* word joiner, direction isolates */
	{0x3000, 0x3000},
	{0x3164, 0x3164},
	{0xD800, 0xF8FF}, /* surrogates, private use */
	{0xFDD0, 0xFDEF},
	{0xFE00, 0xFE0F}, /* variation selectors */
	{0xFEFF, 0xFEFF},
	{0xFFA0, 0xFFA0},
	{0xFFF0, 0xFFFB},
	{0x110BD, 0x110BD},
	{0x110CD, 0x110CD},
	{0x13430, 0x1343F},
	{0x1BCA0, 0x1BCA3},
	{0x1D173, 0x1D17A},
	{0xE0000, 0xE0FFF}, /* tags, variation selectors */
	{0xF0000, 0x10FFFF},
};

bool rune_is_shown(uint32_t rune)
{
	if (rune == RUNE_BAD || (rune & 0xFFFE) == 0xFFFE)
		return false;
	for (size_t i = 0; i < sizeof hidden / sizeof *hidden && rune >= hidden[i][0]; i++) {
		if (rune <= hidden[i][1])
			return false;
	}
	return true;
}

size_t rune_shown_length(const char *text)
{
	size_t total = 0, length = 1;
	for (;;) {
		/* Fast path: nearly all text is printable ASCII. */
		while (text[total] >= ' ' && text[total] < 0x7F)
			total++;
		if (!text[total] || !rune_is_shown(rune_decode(text + total, &length)))
			return total;
		total += length;
	}
}
