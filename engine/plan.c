/* SPDX-License-Identifier: Apache-2.0 */
#include "plan.h"

#include "secret_memory.h"

#include <errno.h>

/*
 * Make a view of the device without the retained peers. It owns only its array: its peers borrow
 * from the device's.
 */
static int view_without_retained(
	const struct peer_table *actual, const struct desired *desired, struct peer_table *ret)
{
	struct peer_table view = {.capacity = actual->count, .sealed = true};
	view.peers = secret_alloc(actual->count * sizeof *view.peers);
	if (!view.peers)
		return -ENOMEM;
	size_t skipped = 0;
	for (size_t i = 0; i < actual->count; i++) {
		const struct peer_config *peer = &actual->peers[i];
		if (skipped < desired->retained_count && desired->retained[skipped].actual == peer)
			skipped++;
		else
			view.peers[view.count++] = *peer;
	}
	*ret = view;
	return 0;
}

/* Replace host names by the chosen addresses. */
static void endpoints_choose(const struct endpoint_history *history,
	const struct name_lookup *lookup, struct peer_table *desired,
	const struct peer_table *actual, struct moment now)
{
	for (size_t i = 0; i < desired->count; i++) {
		struct peer_config *peer = &desired->peers[i];
		if (peer->endpoint.kind == ENDPOINT_NAME)
			endpoint_history_choose(history, lookup, peer,
				peer_table_find(actual, &peer->public_key), now);
	}
}

int plan_compute(const struct desired_input *input, const struct endpoint_history *history,
	struct moment now, struct plan *ret)
{
	struct plan plan = {0};
	const struct peer_table *actual = input->actual;
	int error = desired_resolve(input, &plan.desired);
	if (!error && plan.desired.retained_count) {
		error = view_without_retained(input->actual, &plan.desired, &plan.actual);
		actual = &plan.actual;
	}
	if (!error && input->lookup)
		endpoints_choose(history, input->lookup, &plan.desired.peers, actual, now);
	if (!error)
		error = diff_compute(&plan.desired.peers, actual, history, now, &plan.diff);
	if (error) {
		plan_clear(&plan);
		return error;
	}
	plan.diff.unchanged_count += plan.desired.retained_count;
	if (plan.desired.nameless_count)
		plan.withheld_count = peer_diff_withhold_unnamed(&plan.diff, input->names);
	*ret = plan;
	return 0;
}

void plan_clear(struct plan *plan)
{
	peer_diff_clear(&plan->diff);
	peer_table_clear(&plan->actual);
	desired_clear(&plan->desired);
}

size_t plan_setup(enum interface_state state, const struct interface_config *config,
	enum interface_action *ret)
{
	size_t count = 0;
	for (;;) {
		struct interface_transition cell =
			interface_fsm_transition(state, INTERFACE_EVENT_SETUP);
		if (cell.action == INTERFACE_ACTION_NONE)
			return count;
		if (cell.action != INTERFACE_ACTION_SET_MTU || config->mtu > 0)
			ret[count++] = cell.action;
		state = cell.on_success;
	}
}
