/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares an interface with what a scenario expects of it.
 */
#pragma once

#include "scenario.h"

struct diag;

/*
 * `actual` is NULL if there is no such interface, and so is `expected` if there is to be none.
 * Returns 0, -ENOMEM, or -EBADMSG with a text that begins with the member that differs.
 */
int device_compare(
	const struct device_spec *expected, const struct sim_device *actual, struct diag *diag);
