/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Netlink messages as a fuzzer can write them: text, in which lengths come right by themselves.
 *
 *     [1e.2 01 00 0000 (3 20000000) (8 (0 (1 0202..)))] [3.2 00000000] | ...
 *
 * A message is `[TYPE.FLAGS ... ]`, an attribute `(TYPE ... )`, both filled with bytes and further
 * attributes; `|` ends a datagram, and `=N` makes the length of what is open N bytes more than it
 * is. All numbers are hexadecimal. What is not closed is closed in the end, what makes no sense is
 * passed over.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define NETLINK_TEXT_SEQUENCE 77
#define NETLINK_TEXT_MAX      (16 * 1024)

struct netlink_text {
	const char *next, *end;
	uint32_t sequence; /* that messages get */
};

/* The next datagram, in `bytes`, which are aligned; its length, 0 if there is none. */
size_t netlink_text_next(struct netlink_text *text, unsigned char bytes[static NETLINK_TEXT_MAX]);
