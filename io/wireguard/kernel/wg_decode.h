/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decode a device from the messages of a WG_CMD_GET_DEVICE dump. Pure: no socket.
 *
 *     wg_decode_begin(&decode, index, peer_count, &diag);
 *     wg_decode_message(&decode, header);              for each message, in order
 *     error = wg_decode_end(&decode, &device);
 *     wg_decode_clear(&decode);                        in any case
 *
 * The peers are in canonical form: a psk of zeros is none, prefixes are masked, sorted and without
 * duplicates, IPv4-mapped addresses are IPv4. The zone of an endpoint is the index of its
 * interface, as text. Attributes of newer kernels and the private key are ignored. A value out of
 * range counts as absent, so that one peer cannot make the device unreadable.
 */
#pragma once

#include "device.h"

struct nlmsghdr;

struct wg_decode {
	int index;        /* of the interface */
	bool skips_peers; /* decode key and port only; set it after wg_decode_begin */
	struct diag *diag;
	struct device device;
	bool has_device;                  /* the device's own attributes were decoded */
	bool has_peer;                    /* the next message may continue `peer` */
	struct peer_config peer;          /* the last one, not in the table yet */
	char host[ENDPOINT_HOST_MAX + 1]; /* of its endpoint */
	struct prefix *prefixes;          /* its prefixes */
	size_t prefix_count, prefix_capacity;
};

/* `peer_count` is the expected number of peers, to allocate their table at once; it is a hint. */
void wg_decode_begin(struct wg_decode *decode, int index, size_t peer_count, struct diag *diag);
/* `impl` is a struct wg_decode. Returns 0, -ENOMEM, or -EIO for a malformed message. */
int wg_decode_message(void *impl, struct nlmsghdr *header);
/*
 * Set keys, port and peers of `*ret`, and nothing else of it. Returns 0, -ENOMEM, -EIO if the dump
 * held no device, or -EAGAIN if a peer is there twice: the dump was torn. On failure `*ret` is
 * unchanged.
 */
int wg_decode_end(struct wg_decode *decode, struct device *ret);
/* Wipe and free. */
void wg_decode_clear(struct wg_decode *decode);
