/* SPDX-License-Identifier: Apache-2.0 */
#include "reconcile_routes.h"

#include "diag.h"

#include <errno.h>
#include <stdlib.h>

/* Return the peers that the device has after the cycle: the desired ones first, then retained ones
 * and those whose removal is withheld. NULL when out of memory. */
static const struct peer_config **plan_peers(const struct plan *plan, size_t *ret_count)
{
	const struct desired *desired = &plan->desired;
	const struct peer_diff *diff = &plan->diff;
	const struct peer_config **peers =
		calloc(desired->peers.count + desired->retained_count + diff->withheld_count + 1,
			sizeof *peers);
	if (!peers)
		return NULL;
	size_t count = 0;
	for (size_t i = 0; i < desired->peers.count; i++)
		peers[count++] = &desired->peers.peers[i];
	for (size_t i = 0; i < desired->retained_count; i++)
		peers[count++] = desired->retained[i].actual;
	for (size_t i = 0; i < diff->withheld_count; i++)
		peers[count++] = diff->ops[peer_diff_op_count(diff) + i].actual;
	*ret_count = count;
	return peers;
}

int reconcile_routes_plan(const struct router *router, const struct route_policy *policy,
	const char *interface, const struct plan *plan, struct route_plan *ret, struct diag *diag)
{
	if (!router->ops)
		return 0;
	struct route_table table = {0};
	int error = router->ops->read_routes(router->impl, interface, &table, diag);
	if (error)
		return diag_wrap(diag, error, "read routes");
	size_t count = 0;
	const struct peer_config **peers = plan_peers(plan, &count);
	error = -ENOMEM;
	if (peers)
		error = route_plan_compute(
			peers, count, plan->desired.peers.count, &table, policy, ret);
	if (error)
		diag_fail_errno(diag, error);
	free(peers);
	route_table_clear(&table);
	return error;
}

int reconcile_routes_note(const struct router *router, const struct plan *plan,
	const struct route_plan *routes, struct route_claims *claims)
{
	const struct desired *desired = &plan->desired;
	if (!router->ops)
		return 0;
	size_t count = 0;
	const struct peer_config **peers = plan_peers(plan, &count);
	int error = -ENOMEM;
	if (peers)
		error = route_claims_load(claims, peers, count, desired->peers.count,
			desired->conflicts, desired->conflict_count);
	if (!error)
		claims->ipv6_obstacle = routes->ipv6_obstacle;
	free(peers);
	return error;
}

typedef int route_operation(
	void *impl, const char *interface, const struct prefix *destination, struct diag *diag);

/* One kind of change to the routes of an interface. */
struct route_change {
	const struct router *router;
	const char *interface;
	route_operation *operation;
	const char *verb;
	int expected_error; /* means that the change is not necessary; 0: none */
	const struct pause *pause;
	const struct logger *logger;
};

/* Make the changes and reduce the list to those that succeeded. */
static int routes_change(const struct route_change *change, struct prefix *list, size_t *count,
	struct diag *failures)
{
	size_t done = 0;
	int result = 0;
	for (size_t i = 0; i < *count; i++) {
		if (pause_take(change->pause)) {
			result = -ECANCELED;
			break;
		}
		struct diag diag = {0};
		struct prefix_text text = prefix_format(&list[i]);
		int error =
			change->operation(change->router->impl, change->interface, &list[i], &diag);
		if (!error) {
			log_line(change->logger, LOG_ROUTE_CHANGED, "operation", change->verb,
				"destination", text.text, NULL);
			list[done++] = list[i];
		} else if (error != change->expected_error) {
			result = diag_add(failures, error, "%s route %s: %s", change->verb,
				text.text, diag_text(&diag));
			log_line(change->logger, LOG_ROUTE_OPERATION_FAILED, "operation",
				change->verb, "destination", text.text, "error", diag_text(&diag),
				NULL);
		}
		diag_clear(&diag);
	}
	*count = done;
	return result;
}

int reconcile_routes_remove(const struct router *router, const char *interface,
	struct route_plan *plan, const struct pause *pause, const struct logger *logger,
	struct diag *failures)
{
	if (!router->ops)
		return 0;
	struct route_change change = {
		.router = router,
		.interface = interface,
		.operation = router->ops->remove_route,
		.verb = "remove",
		.pause = pause,
		.logger = logger,
	};
	return routes_change(&change, plan->removes, &plan->remove_count, failures);
}

int reconcile_routes_add(const struct router *router, const char *interface,
	struct route_plan *plan, const struct pause *pause, const struct logger *logger,
	struct diag *failures)
{
	if (!router->ops)
		return 0;
	struct route_change change = {
		.router = router,
		.interface = interface,
		.operation = router->ops->add_route,
		.verb = "add",
		.expected_error = plan->is_blind ? -EEXIST : 0,
		.pause = pause,
		.logger = logger,
	};
	return routes_change(&change, plan->adds, &plan->add_count, failures);
}
