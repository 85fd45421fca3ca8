/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller over a userspace WireGuard program, such as wireguard-go: its protocol for keys
 * and peers, rtnetlink for the link. It starts the program when it is asked to create an interface,
 * and the program lives on without it.
 *
 * An interface is ours if its link has kind `tun` and its socket answers, in the protocol's dialect
 * of wireguard-go. Links that are none of
 * ours are refused with -EEXIST, by delete_interface too. Not thread-safe.
 */
#pragma once

#include "controller.h"
#include "spawn_helper.h"
#include "uapi_socket.h"
#include "wg_link.h"

struct userspace_controller {
	struct wg_link link;
	struct uapi_socket uapi; /* may be changed before use */
	struct backend program;  /* as well */
	bool has_helper;
	struct spawn_helper helper;
};

/* In the network namespace that the thread is in now. Returns 0 or a negative errno. */
int userspace_controller_init(struct userspace_controller *userspace, struct diag *diag);
/*
 * From here on programs are started by a helper: for a process that is about to give up the right
 * to. Only before there are threads and secrets.
 */
int userspace_controller_start_helper(struct userspace_controller *userspace, struct diag *diag);
void userspace_controller_deinit(struct userspace_controller *userspace);
/* Borrows `userspace`. */
struct controller userspace_controller(struct userspace_controller *userspace);
