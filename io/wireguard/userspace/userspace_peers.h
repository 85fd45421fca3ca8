/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The peer operations of the userspace controller; `impl` is a struct userspace_controller. See
 * controller.h.
 */
#pragma once

#include "controller.h"

int userspace_add_peer(void *impl, const char *name, const struct peer_op *op, struct diag *diag);
int userspace_remove_peer(
	void *impl, const char *name, const struct key_public *key, struct diag *diag);
/* Execute many operations per exchange. */
void userspace_apply(void *impl, const char *name, const struct peer_op *ops, size_t op_count,
	struct peer_op_result *results, const struct pause *pause);
