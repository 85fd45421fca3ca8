/* SPDX-License-Identifier: Apache-2.0 */
/* Compares an interface with the one that a scenario expects. */
#pragma once

#include "scenario.h"

struct diag;

/*
 * Compare `actual` with `expected`. NULL stands for no interface, on either side. Returns 0,
 * -ENOMEM, or -EBADMSG with a text that begins with the member that differs.
 */
int device_compare(
	const struct device_spec *expected, const struct sim_device *actual, struct diag *diag);
