/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller for the kernel's WireGuard: rtnetlink for the link, generic netlink for keys and
 * peers.
 *
 * Each operation resolves the link's name once and then uses its index, so that it never touches
 * another link that takes over the name. A link of another kind fails every operation with -EEXIST,
 * delete_interface included. wg_order.h orders operations and wg_batch.h sends them. Not
 * thread-safe.
 */
#pragma once

#include "controller.h"
#include "wg_apply.h"
#include "wg_link.h"
#include "wg_socket.h"

struct kernel_controller {
	struct wg_link link; /* first: it implements operations */
	struct wg_socket wg;
	struct wg_apply apply; /* the caller may change its limits before use */
};

/* Open the sockets in the thread's current network namespace. Returns 0 or a negative errno. */
int kernel_controller_init(struct kernel_controller *kernel, struct diag *diag);
void kernel_controller_deinit(struct kernel_controller *kernel);
/* Return the controller interface; it borrows `kernel`. */
struct controller kernel_controller(struct kernel_controller *kernel);

/*
 * Whether the kernel has WireGuard; if not, `diag` holds the reason. The kernel may load its module
 * to answer; nothing else changes.
 */
bool kernel_controller_available(struct diag *diag);
