/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device from the messages of a dump (WG_CMD_GET_DEVICE). Pure: no socket.
 *
 *     wg_decode_begin(&decode, index, peer_count, &diag);
 *     wg_decode_message(&decode, header);              for each message, in order
 *     error = wg_decode_end(&decode, &device);
 *     wg_decode_clear(&decode);                        in any case
 *
 * The peers come in canonical form: a psk of zeros is none, prefixes are masked, sorted and free of
 * repeats, IPv4-mapped addresses are IPv4. The zone of an endpoint is the index of its interface,
 * as text. What newer kernels add is ignored; the private key is not looked at. A value that makes
 * no sense counts as none, so that no peer can hide the device.
 */
#pragma once

#include "device.h"

struct nlmsghdr;

struct wg_decode {
	int index;        /* of the interface */
	bool skips_peers; /* only the device's own settings are wanted; may be set at first */
	struct diag *diag;
	struct device device;
	bool has_device;                  /* its own attributes were seen */
	bool has_peer;                    /* `peer` may go on in the next message */
	struct peer_config peer;          /* the last one, not in the table yet */
	char host[ENDPOINT_HOST_MAX + 1]; /* of its endpoint */
	struct prefix *prefixes;          /* its prefixes */
	size_t prefix_count, prefix_capacity;
};

/* `peer_count` is how many peers to expect: memory for them is then had at once. */
void wg_decode_begin(struct wg_decode *decode, int index, size_t peer_count, struct diag *diag);
/* Returns 0, -ENOMEM, or -EIO for what no kernel sends; `impl` is a struct wg_decode. */
int wg_decode_message(void *impl, struct nlmsghdr *header);
/*
 * Returns 0, -ENOMEM, -EIO if there was no device, or -EAGAIN if a peer stands in two places: the
 * dump was torn. Only keys, port and peers of `*ret` are set; on failure it is as before.
 */
int wg_decode_end(struct wg_decode *decode, struct device *ret);
/* Wipes and frees. */
void wg_decode_clear(struct wg_decode *decode);
