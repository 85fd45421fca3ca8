/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Print a device as text or as JSON (`show`), without secrets.
 */
#pragma once

#include "device.h"

#include <stdio.h>

void device_print(
	FILE *out, const char *interface, const char *controller, const struct device *device);
/* Returns 0 or -ENOMEM. */
int device_print_json(
	FILE *out, const char *interface, const char *controller, const struct device *device);
