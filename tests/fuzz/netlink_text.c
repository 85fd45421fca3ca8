/* SPDX-License-Identifier: Apache-2.0 */
#include "netlink_text.h"

#include <linux/netlink.h>
#include <string.h>

#define DEPTH_MAX 8

/* A message or an attribute that is open. */
struct open {
	size_t start;
	int32_t surplus; /* of its length */
};

struct assembler {
	struct netlink_text *text;
	unsigned char *bytes;
	size_t length;
	struct open open[DEPTH_MAX];
	size_t depth;
};

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static uint32_t number(struct netlink_text *text)
{
	uint32_t value = 0;
	for (; text->next < text->end && digit(*text->next) >= 0; text->next++)
		value = value << 4 | (uint32_t)digit(*text->next);
	return value;
}

static void put(struct assembler *assembler, const void *bytes, size_t length)
{
	/* Leave room for the ends of everything that is open. */
	if (assembler->length + length > NETLINK_TEXT_MAX - 64)
		return;
	memcpy(assembler->bytes + assembler->length, bytes, length);
	assembler->length += length;
}

static void pad(struct assembler *assembler)
{
	while (assembler->length % NLMSG_ALIGNTO)
		assembler->bytes[assembler->length++] = 0;
}

static void close_last(struct assembler *assembler)
{
	if (!assembler->depth)
		return;
	struct open open = assembler->open[--assembler->depth];
	uint32_t length = (uint32_t)(assembler->length - open.start) + (uint32_t)open.surplus;
	uint16_t short_length = (uint16_t)length;
	if (assembler->depth == 0)
		memcpy(assembler->bytes + open.start, &length, sizeof length);
	else
		memcpy(assembler->bytes + open.start, &short_length, sizeof short_length);
	pad(assembler);
}

static void open_one(struct assembler *assembler, const void *header, size_t length)
{
	if (assembler->depth == DEPTH_MAX || assembler->length + 256 > NETLINK_TEXT_MAX)
		return;
	assembler->open[assembler->depth++] = (struct open){assembler->length, 0};
	put(assembler, header, length);
}

static void message(struct assembler *assembler)
{
	struct nlmsghdr header = {.nlmsg_seq = assembler->text->sequence};
	while (assembler->depth)
		close_last(assembler);
	header.nlmsg_type = (uint16_t)number(assembler->text);
	if (assembler->text->next < assembler->text->end && *assembler->text->next == '.') {
		assembler->text->next++;
		header.nlmsg_flags = (uint16_t)number(assembler->text);
	}
	open_one(assembler, &header, sizeof header);
}

static void attribute(struct assembler *assembler)
{
	struct nlattr header = {.nla_type = (uint16_t)number(assembler->text)};
	if (assembler->depth)
		open_one(assembler, &header, sizeof header);
}

static void two_digits(struct assembler *assembler, char first)
{
	struct netlink_text *text = assembler->text;
	int low = text->next < text->end ? digit(*text->next) : -1;
	if (digit(first) < 0 || low < 0)
		return;
	unsigned char byte = (unsigned char)(digit(first) << 4 | low);
	text->next++;
	put(assembler, &byte, 1);
}

size_t netlink_text_next(struct netlink_text *text, unsigned char bytes[static NETLINK_TEXT_MAX])
{
	struct assembler assembler = {.text = text, .bytes = bytes};
	while (text->next < text->end) {
		char c = *text->next++;
		if (c == '|' && assembler.length)
			break;
		if (c == '[')
			message(&assembler);
		else if (c == '(')
			attribute(&assembler);
		else if (c == ']' || c == ')')
			close_last(&assembler);
		else if (c == '=' && assembler.depth)
			assembler.open[assembler.depth - 1].surplus = (int32_t)number(text);
		else
			two_digits(&assembler, c);
	}
	while (assembler.depth)
		close_last(&assembler);
	return assembler.length;
}
