/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WireGuard over generic netlink: send the requests of wg_encode.h and read devices. Not
 * thread-safe.
 *
 * Functions return 0 or a negative errno: -ENODEV if there is no interface of that index, -ENOENT
 * if the kernel has no WireGuard.
 */
#pragma once

#include "device.h"
#include "netlink_socket.h"
#include "wg_features.h"

struct wg_socket {
	struct netlink_socket netlink;
	uint16_t family;   /* 0: not looked up yet */
	size_t set_count;  /* set requests sent */
	size_t peer_count; /* at the last read: a hint for the next */
};

int wg_socket_open(struct wg_socket *wg, struct diag *diag);
void wg_socket_close(struct wg_socket *wg);

/* Look up WireGuard's family, once. The kernel loads its module if needed. */
int wg_socket_family(struct wg_socket *wg, uint16_t *ret, struct diag *diag);
/* As wg_sender.send in wg_batch.h; `impl` is a struct wg_socket. */
int wg_socket_set(void *impl, struct nl_msg *message, bool *ret_refused, struct diag *diag);
/* As wg_sender.send_all. */
void wg_socket_set_all(void *impl, struct netlink_request *requests, size_t count);
/*
 * Read keys, port and peers, in the form of wg_decode.h. A device that changes during the read is
 * read again, a limited number of times; then the result is -EINTR.
 */
int wg_socket_read(struct wg_socket *wg, int index, struct device *ret, struct diag *diag);
/* Read keys and port only. */
int wg_socket_read_settings(struct wg_socket *wg, int index, struct device *ret, struct diag *diag);
/* Ask the kernel, which may leave the question open (wg_features.h). */
int wg_socket_ask_prefix_removal(
	struct wg_socket *wg, enum wg_prefix_removal *ret, struct diag *diag);
