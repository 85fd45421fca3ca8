/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world in which most tests of cycles start: an interface that is up and has peer-2 and peer-3,
 * which are the desired ones.
 */
#pragma once

#include "world.h"

#define SET_UP                                                                                     \
	"create_interface plexd0 51820; configure_address plexd0 10.100.0.1/32; "                  \
	"set_interface_up plexd0"

/* Add the desired peer "peer-N" with key N and 10.0.0.N. */
struct peer_entry *wants(struct state_document *document, unsigned char key);
/* Run a cycle whose document has the peers of that string: "23" is 2 and 3. */
int cycle_wants(struct world *world, const char *keys);

/* Instead of world_setup, as a cmocka fixture. */
int converged_setup(void **state);
#define CONVERGED_TEST(name) cmocka_unit_test_setup_teardown(name, converged_setup, world_teardown)

/* The next `times` calls of that operation (for that peer; -1: any) fail. */
void fails(struct world *world, const char *op, int key, int error, unsigned times);
