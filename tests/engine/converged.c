/* SPDX-License-Identifier: Apache-2.0 */
#include "converged.h"

#include "harness.h"

#include <stdio.h>

struct peer_entry *wants(struct state_document *document, unsigned char key)
{
	char id[16], allowed_ip[24];
	snprintf(id, sizeof id, "peer-%u", key);
	snprintf(allowed_ip, sizeof allowed_ip, "10.0.0.%u/32", key);
	return document_add(document, id, key, "", allowed_ip);
}

int cycle_wants(struct world *world, const char *keys)
{
	struct state_document document = {0};
	for (const char *key = keys; *key; key++)
		wants(&document, (unsigned char)(*key - '0'));
	return world_cycle(world, &document);
}

int converged_setup(void **state)
{
	if (world_setup(state) != 0)
		return -1;
	struct world *world = *state;
	assert_int_equal(cycle_wants(world, "23"), 0);
	assert_calls(world, SET_UP "; add_peer 02; add_peer 03");
	assert_drift(world, "peer_added peer peer-2; peer_added peer peer-3");
	world_forget_logs(world);
	return 0;
}

void fails(struct world *world, const char *op, int key, int error, unsigned times)
{
	fake_fail(&world->fake,
		(struct fake_fault){.op = op, .key = key, .error = error, .times = times});
}
