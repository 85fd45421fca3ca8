/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands, each in its own file. They report errors and return the exit status.
 */
#pragma once

#include "options.h"

/* Exit statuses beside 0 and STATUS_USAGE. */
#define STATUS_ERROR   1
#define STATUS_CHANGES 2 /* plan: something would change */

int command_init(const struct options *options);
int command_join(const struct options *options);
int command_replay(const struct options *options);
int command_plan(const struct options *options);
int command_apply(const struct options *options);
int command_run(const struct options *options);
int command_show(const struct options *options);
int command_down(const struct options *options);
int command_trace(const struct options *options);
