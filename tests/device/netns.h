/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small world for a test that changes the network: namespaces of its own for network, mounts and
 * processes, loopback up, an empty private /run/wireguard. Whatever the test starts and leaves
 * behind is killed when it ends.
 */
#pragma once

#include <stdbool.h>

/*
 * Runs `run` in such a world and returns its exit status. Where that is not possible, or a
 * userspace WireGuard program is needed and there is none, says so as a skipped TAP plan and
 * returns 0. Meant as all of main: `return netns_run(true, tests_of_this_file);`
 */
int netns_run(bool needs_program, int (*run)(void));
