/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small world for a test that changes the network: its own namespaces for network, mounts and
 * processes, loopback up, an empty private /run/wireguard. Every process that the test leaves
 * behind is killed when it ends.
 */
#pragma once

#include <stdbool.h>

/*
 * Run `run` in such a world and return its exit status. Where that is impossible, or a userspace
 * WireGuard backend is required and missing, print a skipped TAP plan and return 0. Meant as all of
 * main: `return netns_run(true, tests_of_this_file);`
 */
int netns_run(bool needs_program, int (*run)(void));
