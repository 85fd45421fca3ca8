#include "reconcile_routes.h"

#include "diag.h"

#include <errno.h>
#include <stdlib.h>

/* What the device shall have when the cycle is done: wanted peers first, then kept ones and those
 * whose removal is held back. */
static const struct peer_config **plan_peers(const struct plan *plan, size_t *ret_count)
{
	const struct desired *desired = &plan->desired;
	const struct peer_diff *diff = &plan->diff;
	const struct peer_config **peers = calloc(
		desired->peers.count + desired->kept_count + diff->held_count + 1, sizeof *peers);
	if (!peers)
		return NULL;
	size_t count = 0;
	for (size_t i = 0; i < desired->peers.count; i++)
		peers[count++] = &desired->peers.peers[i];
	for (size_t i = 0; i < desired->kept_count; i++)
		peers[count++] = desired->kept[i].actual;
	for (size_t i = 0; i < diff->held_count; i++)
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

typedef int route_operation(
	void *impl, const char *interface, const struct prefix *destination, struct diag *diag);

/* Keeps those that succeeded in the list. */
static int routes_change(const struct router *router, const char *interface,
	route_operation *operation, const char *verb, struct prefix *list, size_t *count,
	const struct logger *logger, struct diag *failures)
{
	size_t done = 0;
	int result = 0;
	for (size_t i = 0; i < *count; i++) {
		struct diag diag = {0};
		struct prefix_text text = prefix_format(&list[i]);
		int error = operation(router->impl, interface, &list[i], &diag);
		if (error) {
			result = diag_add(failures, error, "%s route %s: %s", verb, text.text,
				diag_text(&diag));
			log_line(logger, LOG_LEVEL_ERROR, "Route operation failed", "operation",
				verb, "destination", text.text, "error", diag_text(&diag), NULL);
		} else {
			log_line(logger, LOG_LEVEL_DEBUG, "Route changed", "operation", verb,
				"destination", text.text, NULL);
			list[done++] = list[i];
		}
		diag_clear(&diag);
	}
	*count = done;
	return result;
}

int reconcile_routes_apply(const struct router *router, const char *interface,
	struct route_plan *plan, const struct logger *logger, struct diag *failures)
{
	if (!router->ops)
		return 0;
	int add_error = routes_change(router, interface, router->ops->add_route, "add", plan->adds,
		&plan->add_count, logger, failures);
	int remove_error = routes_change(router, interface, router->ops->remove_route, "remove",
		plan->removes, &plan->remove_count, logger, failures);
	return add_error ? add_error : remove_error;
}
