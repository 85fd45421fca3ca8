/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller for userspace WireGuard: the protocol of uapi.h for keys and peers, rtnetlink for
 * the link. create_interface starts wireguard-go, which survives the controller.
 *
 * An interface is ours if its link has kind `tun` and its socket answers in wireguard-go's dialect
 * of the protocol. Any other link of the name fails every operation with -EEXIST, delete_interface
 * included. Not thread-safe.
 */
#pragma once

#include "controller.h"
#include "spawn_helper.h"
#include "uapi_socket.h"
#include "wg_link.h"

struct userspace_controller {
	struct wg_link link;     /* first: it implements operations */
	struct uapi_socket uapi; /* the caller may change this before use */
	struct backend program;  /* and this */
	bool has_helper;
	struct spawn_helper helper;
};

/* Open the controller in the thread's current network namespace. Returns 0 or a negative errno. */
int userspace_controller_init(struct userspace_controller *userspace, struct diag *diag);
/*
 * Start backends through a helper from now on, because the process is about to enter a sandbox that
 * forbids it. Call this before starting threads or reading secrets.
 */
int userspace_controller_start_helper(struct userspace_controller *userspace, struct diag *diag);
void userspace_controller_deinit(struct userspace_controller *userspace);
/* Return the controller interface; it borrows `userspace`. */
struct controller userspace_controller(struct userspace_controller *userspace);
