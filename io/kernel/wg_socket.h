/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's WireGuard on a generic netlink socket: requests of wg_encode.h are sent, devices are
 * read. Not thread-safe.
 *
 * Functions return 0 or a negative errno: -ENODEV if there is no interface of that index, -ENOENT
 * if the kernel has no WireGuard.
 */
#pragma once

#include "device.h"
#include "genl_socket.h"
#include "wg_features.h"

struct wg_socket {
	struct genl_socket genl;
	uint16_t family;   /* 0: not known yet */
	size_t set_count;  /* requests to set something that were sent */
	size_t peer_count; /* at the last read, about; the next will be much the same */
};

int wg_socket_open(struct wg_socket *wg, struct diag *diag);
void wg_socket_close(struct wg_socket *wg);

/* WireGuard's family. Loads the kernel's module if that was not done yet. */
int wg_socket_family(struct wg_socket *wg, uint16_t *ret, struct diag *diag);
/* As wg_sender.send in wg_batch.h; `impl` is a struct wg_socket. */
int wg_socket_set(void *impl, struct nl_msg *message, bool *ret_refused, struct diag *diag);
/* As wg_sender.send_all. */
void wg_socket_set_all(void *impl, struct netlink_request *requests, size_t count);
/*
 * Keys, port and peers, as wg_decode.h makes them. What changes while it is read is read again, up
 * to a bound; then it is -EINTR.
 */
int wg_socket_read(struct wg_socket *wg, int index, struct device *ret, struct diag *diag);
/* Keys and port alone. */
int wg_socket_read_settings(struct wg_socket *wg, int index, struct device *ret, struct diag *diag);
/* What the kernel says of it; it may leave the question open. */
int wg_socket_ask_prefix_removal(
	struct wg_socket *wg, enum wg_prefix_removal *ret, struct diag *diag);
