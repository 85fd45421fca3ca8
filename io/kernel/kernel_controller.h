/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller over the kernel's own WireGuard: rtnetlink for the link, generic netlink for keys
 * and peers.
 *
 * A link is looked up by its name at the beginning of each operation and then named by its index,
 * so that another link that gets the name meanwhile is never touched. Links of another kind are
 * refused with -EEXIST, by delete_interface too. How operations are put in order and sent is
 * wg_order.h and wg_batch.h. Not thread-safe.
 */
#pragma once

#include "controller.h"
#include "wg_apply.h"
#include "wg_link.h"
#include "wg_socket.h"

struct kernel_controller {
	struct wg_link link;
	struct wg_socket wg;   /* counts what was sent */
	struct wg_apply apply; /* its limits may be changed before use */
};

/* In the network namespace that the thread is in now. Returns 0 or a negative errno. */
int kernel_controller_init(struct kernel_controller *kernel, struct diag *diag);
void kernel_controller_deinit(struct kernel_controller *kernel);
/* Borrows `kernel`. */
struct controller kernel_controller(struct kernel_controller *kernel);

/*
 * Whether the kernel has WireGuard. Its module is loaded for that if it is there; nothing else is
 * changed. If not, `diag` says why.
 */
bool kernel_controller_available(struct diag *diag);
