/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of errno values, such as EIO: for operation strings and for faults.
 */
#pragma once

/* The name of a negative or positive errno; "E?" for one that has no name here. */
const char *errno_name(int error);
/* The errno (positive) of that name, or 0. */
int errno_from_name(const char *name);
