/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel would send for a device dump: datagrams, one message each unless they are joined,
 * cut where the test wants.
 */
#pragma once

#include "peer_table.h"

struct nl_msg;

#define DUMP_DATAGRAMS_MAX 64
#define DUMP_SEQUENCE      77
#define DUMP_INDEX         7
#define DUMP_PORT          51821

struct dump {
	unsigned char *datagrams[DUMP_DATAGRAMS_MAX];
	size_t lengths[DUMP_DATAGRAMS_MAX];
	size_t count;
	struct nl_msg *message; /* under construction */
	void *peers, *peer;     /* its open nests */
};

void dump_clear(struct dump *dump);

/* A message with the device's own attributes, or a later one without. */
void dump_open(struct dump *dump, bool has_device);
void dump_close(struct dump *dump);
/* Adds prefixes of a peer, from `from` up to `to`; its fields too if `has_fields`. */
void dump_put_peer(
	struct dump *dump, const struct peer_config *peer, bool has_fields, size_t from, size_t to);
/* The end, with its errno. */
void dump_put_done(struct dump *dump, int error);
/* An acknowledgement or an error, with the kernel's own text if it is not NULL. */
void dump_put_error(struct dump *dump, int error, const char *text);
/* Takes over `message` as a datagram. */
void dump_put_message(struct dump *dump, struct nl_msg *message);

/*
 * A whole device. It can be cut after each peer without prefixes and after each prefix; bit N of
 * `cuts` selects a cut at the place N. Returns how many places there are.
 */
unsigned dump_put_device(struct dump *dump, const struct peer_table *peers, unsigned cuts);
