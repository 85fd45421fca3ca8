/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of errno values, such as EIO, for the records and faults of the simulated controller.
 */
#pragma once

/* Return the name of a negative or positive errno, or "E?". */
const char *errno_name(int error);
/* Return the positive errno of that name, or 0. */
int errno_from_name(const char *name);
