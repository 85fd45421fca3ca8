/* SPDX-License-Identifier: Apache-2.0 */
#include "manager.h"

#include "desired.h"
#include "diag.h"
#include "observer.h"
#include "reconcile_routes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int manager_init(struct manager *manager, const struct manager_config *config)
{
	*manager = (struct manager){
		.controller = config->controller,
		.config = config->interface,
		.identity = config->identity,
		.logger = config->logger,
		.lookup = config->lookup,
		.pause = config->pause,
		.router = config->router,
		.route_policy = config->route_policy,
		.observers = config->observers,
		.observer_count = config->observer_count,
	};
	config_apply_defaults(&manager->config);
	return peer_index_init(&manager->index);
}

void manager_deinit(struct manager *manager)
{
	peer_index_deinit(&manager->index);
	endpoint_history_clear(&manager->endpoints);
	allowed_ip_history_clear(&manager->allowed_ips);
	pending_events_clear(&manager->pending);
	route_claims_clear(&manager->claims);
}

struct peer_index *manager_peer_index(struct manager *manager)
{
	return &manager->index;
}

void manager_apply_event(struct manager *manager, enum interface_event event)
{
	manager->state = interface_fsm_transition(manager->state, event).on_success;
}

void manager_note_error(struct manager *manager, int error)
{
	if (error == -ENODEV) {
		manager_apply_event(manager, INTERFACE_EVENT_LINK_LOST);
		allowed_ip_history_clear(&manager->allowed_ips);
	}
	if (error == -ETIMEDOUT)
		manager->is_stuck = true;
}

/* Return the name of the action in errors. */
static const char *action_words(enum interface_action action)
{
	switch (action) {
	case INTERFACE_ACTION_CREATE_INTERFACE:
		return "create interface";
	case INTERFACE_ACTION_CONFIGURE_ADDRESS:
		return "configure address";
	case INTERFACE_ACTION_SET_MTU:
		return "set MTU";
	case INTERFACE_ACTION_SET_INTERFACE_UP:
		return "set interface up";
	case INTERFACE_ACTION_DELETE_INTERFACE:
		return "delete interface";
	case INTERFACE_ACTION_NONE:
	case INTERFACE_ACTION_COUNT:
		break;
	}
	return "nothing";
}

static int interface_create(struct manager *manager, struct diag *diag)
{
	const struct controller_ops *ops = manager->controller.ops;
	void *impl = manager->controller.impl;
	const struct interface_config *config = &manager->config;
	int error = ops->create_interface(impl, config->interface_name,
		&manager->identity->private_key, (uint16_t)config->listen_port, diag);
	observe_call(manager, INTERFACE_CALL_CREATE_INTERFACE, error);
	if (error || !config->has_fwmark)
		return error;
	if (!ops->set_fwmark)
		return diag_fail(diag, -EOPNOTSUPP, "this controller sets no mark");
	error = ops->set_fwmark(impl, config->interface_name, config->fwmark, diag);
	observe_call(manager, INTERFACE_CALL_SET_FWMARK, error);
	return error ? diag_wrap(diag, error, "set mark") : 0;
}

static int interface_delete(struct manager *manager, struct diag *diag)
{
	bool existed = false;
	int error = manager->controller.ops->delete_interface(
		manager->controller.impl, manager->config.interface_name, &existed, diag);
	observe_call(manager, INTERFACE_CALL_DELETE_INTERFACE, error);
	if (!error && existed)
		log_line(&manager->logger, LOG_INTERFACE_REMOVED, NULL);
	return error;
}

static int mesh_address_set(struct manager *manager, struct diag *diag)
{
	struct prefix address = prefix_of_host(&manager->identity->mesh_ip);
	int error = manager->controller.ops->configure_address(manager->controller.impl,
		manager->config.interface_name, &address, manager->config.keep_addresses, diag);
	return observe_call(manager, INTERFACE_CALL_CONFIGURE_ADDRESS, error);
}

static int mtu_set(struct manager *manager, struct diag *diag)
{
	const struct interface_config *config = &manager->config;
	int error = manager->controller.ops->set_mtu(
		manager->controller.impl, config->interface_name, config->mtu, diag);
	return observe_call(manager, INTERFACE_CALL_SET_MTU, error);
}

static int interface_set_up(struct manager *manager, struct diag *diag)
{
	int error = manager->controller.ops->set_interface_up(
		manager->controller.impl, manager->config.interface_name, diag);
	return observe_call(manager, INTERFACE_CALL_SET_INTERFACE_UP, error);
}

/*
 * The kernel rejects IPv6 addresses while the MTU is under 1280. If the interface has such an MTU
 * and another one is configured, set that one first.
 */
static int address_configure(struct manager *manager, struct diag *diag)
{
	int error = mesh_address_set(manager, diag);
	if (error != -EINVAL || manager->identity->mesh_ip.family != IP_V6 ||
		manager->config.mtu == 0)
		return error;
	error = mtu_set(manager, diag);
	return error ? diag_wrap(diag, error, "set MTU") : mesh_address_set(manager, diag);
}

static int action_run(struct manager *manager, enum interface_action action, struct diag *diag)
{
	switch (action) {
	case INTERFACE_ACTION_CREATE_INTERFACE:
		return interface_create(manager, diag);
	case INTERFACE_ACTION_CONFIGURE_ADDRESS:
		return address_configure(manager, diag);
	case INTERFACE_ACTION_SET_MTU:
		return manager->config.mtu > 0 ? mtu_set(manager, diag) : 0;
	case INTERFACE_ACTION_SET_INTERFACE_UP:
		return interface_set_up(manager, diag);
	case INTERFACE_ACTION_DELETE_INTERFACE:
		return interface_delete(manager, diag);
	case INTERFACE_ACTION_NONE:
	case INTERFACE_ACTION_COUNT:
		break;
	}
	return 0;
}

/*
 * Record the result of a controller's operation. On success, clear the text that the controller may
 * have left, so that no later error contains it.
 */
static int controller_answered(struct manager *manager, int error, struct diag *diag)
{
	manager_note_error(manager, error);
	if (!error)
		diag_clear(diag);
	return error;
}

/* Run the action of `event` and enter the state that follows from its result. */
static int manager_run_action(
	struct manager *manager, enum interface_event event, struct diag *diag)
{
	struct interface_transition cell = interface_fsm_transition(manager->state, event);
	int error = action_run(manager, cell.action, diag);
	manager->state = error ? cell.on_failure : cell.on_success;
	controller_answered(manager, error, diag);
	if (!error && cell.action == INTERFACE_ACTION_CREATE_INTERFACE) {
		manager->created_count++;
		allowed_ip_history_clear(&manager->allowed_ips);
	}
	return error ? diag_wrap(diag, error, "%s", action_words(cell.action)) : 0;
}

static void log_configured(const struct manager *manager)
{
	char port[12];
	snprintf(port, sizeof port, "%d", manager->config.listen_port);
	log_line(&manager->logger, LOG_INTERFACE_CONFIGURED, "listen_port", port, "mesh_ip",
		ip_format(&manager->identity->mesh_ip).text, NULL);
}

/* Check, before any change, that the interface can have the mesh address. */
static int setup_check(const struct manager *manager, struct diag *diag)
{
	const struct controller_ops *ops = manager->controller.ops;
	const struct interface_config *config = &manager->config;
	struct prefix address = prefix_of_host(&manager->identity->mesh_ip);
	int error = config_validate_address(config, &address.ip, diag);
	if (error || manager->state != INTERFACE_ABSENT || !ops->check_address)
		return error;
	error = ops->check_address(
		manager->controller.impl, config->interface_name, &address, config->mtu, diag);
	return error ? diag_wrap(diag, error, "wireguard: setup: configure address") : 0;
}

int manager_setup(struct manager *manager, struct diag *diag)
{
	bool was_up = manager->state == INTERFACE_UP;
	int unfit = was_up ? 0 : setup_check(manager, diag);
	if (unfit)
		return unfit;
	while (manager->state != INTERFACE_UP) {
		int error = pause_take(&manager->pause)
				    ? diag_fail_errno(diag, -ECANCELED)
				    : manager_run_action(manager, INTERFACE_EVENT_SETUP, diag);
		if (error)
			return diag_wrap(diag, error, "wireguard: setup");
	}
	if (!was_up)
		log_configured(manager);
	return 0;
}

int manager_teardown(struct manager *manager, struct diag *diag)
{
	int error = manager_run_action(manager, INTERFACE_EVENT_TEARDOWN, diag);
	observe_teardown(manager, error);
	if (error)
		return diag_wrap(diag, error, "wireguard: teardown");
	route_claims_clear(&manager->claims);
	return 0;
}

/* Routes that could not be computed for lack of memory are left to the next cycle. */
static void claims_changed(const struct manager *manager, int error)
{
	if (error)
		log_line(&manager->logger, LOG_ROUTES_NOT_CHANGED, "error", "out of memory", NULL);
}

/* A failure is logged; the next cycle retries. */
static void manager_routes_remove(struct manager *manager, struct route_plan *routes)
{
	(void)reconcile_routes_remove(&manager->router, manager->config.interface_name, routes,
		NULL, &manager->logger, NULL);
}

/* Remove the routes that only this peer claims. Call it before removing the peer. */
static void key_routes_remove(struct manager *manager, const struct key_public *key)
{
	struct route_plan routes = {0};
	if (!manager->router.ops)
		return;
	claims_changed(manager, route_claims_drop(&manager->claims, key, &routes));
	manager_routes_remove(manager, &routes);
	route_plan_clear(&routes);
}

/* Remove the peer with that key from the device and drop its history. */
static int key_remove(struct manager *manager, const struct key_public *key, struct diag *diag)
{
	key_routes_remove(manager, key);
	allowed_ip_history_forget(&manager->allowed_ips, key);
	int error = manager->controller.ops->remove_peer(
		manager->controller.impl, manager->config.interface_name, key, diag);
	const struct peer_config removed = {.public_key = *key};
	observe_peer_op(
		manager, &(struct peer_op){.kind = PEER_OP_REMOVE, .actual = &removed}, error);
	if (controller_answered(manager, error, diag) == 0)
		endpoint_history_forget(&manager->endpoints, key);
	return error;
}

/* If the peer's id is known under another key, remove that key. */
static int old_key_remove(struct manager *manager, const struct peer_config *peer)
{
	struct key_public old;
	if (!peer_index_lookup(&manager->index, peer->id, &old) ||
		key_public_equal(&old, &peer->public_key) ||
		peer_index_has_other(&manager->index, peer->id, &old))
		return 0;
	struct diag diag = {0};
	int error = key_remove(manager, &old, &diag);
	if (!error)
		peer_index_remove(&manager->index, peer->id);
	else
		log_line(&manager->logger, LOG_OLD_KEY_NOT_REMOVED, "peer_id", peer->id,
			"public_key", key_public_format(&old).text, "error", diag_text(&diag),
			NULL);
	diag_clear(&diag);
	return error;
}

/* Set all fields of the peer. The recorded allowed IPs save the controller a read of the device. */
static int peer_set(struct manager *manager, const struct peer_config *peer, struct diag *diag)
{
	struct peer_op op = {.kind = PEER_OP_ADD, .fields = PEER_FIELDS_ALL, .desired = peer};
	struct peer_config known = {.public_key = peer->public_key};
	struct prefix *allowed_ips = allowed_ip_history_recall(
		&manager->allowed_ips, &peer->public_key, &known.allowed_ip_count);
	known.allowed_ips = allowed_ips;
	if (allowed_ips)
		op.actual = &known;
	int error = manager->controller.ops->add_peer(
		manager->controller.impl, manager->config.interface_name, &op, diag);
	observe_peer_op(manager, &op, error);
	free(allowed_ips);
	return controller_answered(manager, error, diag);
}

static void peer_failed(struct manager *manager, const struct peer_config *peer)
{
	allowed_ip_history_fail(&manager->allowed_ips, peer);
	endpoint_history_failed(&manager->endpoints, &peer->public_key, &peer->endpoint);
}

/* Set the peer and record the result. */
static int peer_put(struct manager *manager, const struct peer_config *peer, struct diag *diag)
{
	int error = peer_set(manager, peer, diag);
	if (error) {
		peer_failed(manager, peer);
		return error;
	}
	allowed_ip_history_set(&manager->allowed_ips, peer);
	error = endpoint_history_applied(
		&manager->endpoints, &peer->public_key, &peer->endpoint, false);
	if (!error)
		error = peer_index_update(&manager->index, peer->id, &peer->public_key);
	return error ? diag_fail_errno(diag, error) : 0;
}

/* The new claims are recorded before an old key is removed: both keys may claim the same routes,
 * which then stay. */
static int peer_put_with_routes(
	struct manager *manager, const struct peer_config *peer, struct diag *diag)
{
	struct route_plan routes = {0};
	if (manager->router.ops)
		claims_changed(manager,
			route_claims_set(&manager->claims, peer, &manager->route_policy, &routes));
	manager_routes_remove(manager, &routes);
	int error = old_key_remove(manager, peer);
	if (error == -ETIMEDOUT) {
		/* The device does not answer: do not wait for a second deadline. */
		peer_failed(manager, peer);
		diag_fail_errno(diag, error);
	} else {
		error = peer_put(manager, peer, diag);
	}
	/* After any other error the peer may exist nevertheless, and the next cycle retries it. */
	if (error != -ENODEV)
		(void)reconcile_routes_add(&manager->router, manager->config.interface_name,
			&routes, NULL, &manager->logger, NULL);
	route_plan_clear(&routes);
	return error;
}

int manager_check_peer(
	const struct manager *manager, const struct peer_entry *entry, struct diag *diag)
{
	const struct identity *identity = manager->identity;
	if (!identity || !identity_has_id(identity, entry->id) ||
		key_public_equal(&entry->config.public_key, &identity->public_key))
		return 0;
	return diag_fail(
		diag, -EINVAL, "wireguard: peer %s: this node's id under another key", entry->id);
}

/* Set the peer without the node's own address, if it claims that. */
static int peer_put_reduced(
	struct manager *manager, const struct peer_config *peer, struct diag *diag)
{
	struct prefix own = {0};
	if (manager->identity)
		own = prefix_of_host(&manager->identity->mesh_ip);
	if (!manager->identity || !peer_has_allowed_ip(peer, &own))
		return peer_put_with_routes(manager, peer, diag);
	struct prefix *left = calloc(peer->allowed_ip_count, sizeof *left);
	if (!left)
		return diag_fail_errno(diag, -ENOMEM);
	struct peer_config reduced = *peer;
	reduced.allowed_ips = left;
	reduced.allowed_ip_count = 0;
	for (uint32_t i = 0; i < peer->allowed_ip_count; i++)
		if (!prefix_equal(&peer->allowed_ips[i], &own))
			left[reduced.allowed_ip_count++] = peer->allowed_ips[i];
	log_line(&manager->logger, LOG_PEERS_CONFLICT, "over",
		conflict_kind_name(CONFLICT_OWN_ADDRESS), "value", prefix_format(&own).text,
		"winner", CONFLICT_WINNER_SELF, "loser", peer->id, NULL);
	int error = peer_put_with_routes(manager, &reduced, diag);
	key_secret_wipe(&reduced.psk);
	free(left);
	return error;
}

/* Set a peer whose endpoint may be a host name. While that has no address, set no endpoint. */
static int peer_put_named(
	struct manager *manager, const struct peer_config *peer, struct diag *diag)
{
	struct peer_config chosen = *peer;
	endpoint_history_choose(
		&manager->endpoints, &manager->lookup, &chosen, NULL, (struct moment){0});
	int error = peer_put_reduced(manager, &chosen, diag);
	key_secret_wipe(&chosen.psk);
	return error;
}

void manager_defer_peer(struct manager *manager, const struct peer_config *peer)
{
	struct peer_config chosen = *peer;
	endpoint_history_choose(
		&manager->endpoints, &manager->lookup, &chosen, NULL, (struct moment){0});
	endpoint_history_failed(&manager->endpoints, &chosen.public_key, &chosen.endpoint);
	key_secret_wipe(&chosen.psk);
}

static void own_peer_log(const struct manager *manager, const char *id)
{
	if (manager->identity->node_id && !identity_has_id(manager->identity, id))
		log_line(&manager->logger, LOG_OWN_KEY_IGNORED, "peer_id", id, NULL);
}

static int manager_put_peer(struct manager *manager, const struct peer_entry *entry,
	const char *verb, enum log_message done, struct diag *diag)
{
	if (entry->error)
		return diag_fail(diag, -EINVAL, "wireguard: %s peer: %s", verb, entry->error);
	const struct peer_config *peer = &entry->config;
	int error = manager_check_peer(manager, entry, diag);
	if (error)
		return error;
	if (manager->identity &&
		key_public_equal(&peer->public_key, &manager->identity->public_key)) {
		own_peer_log(manager, peer->id);
		return 0;
	}
	error = peer_put_named(manager, peer, diag);
	if (error)
		return diag_wrap(diag, error, "wireguard: %s peer %s", verb, peer->id);
	log_line(&manager->logger, done, "peer_id", peer->id, NULL);
	return 0;
}

int manager_add_peer(struct manager *manager, const struct peer_entry *entry, struct diag *diag)
{
	return manager_put_peer(manager, entry, "add", LOG_PEER_ADDED, diag);
}

int manager_update_peer(struct manager *manager, const struct peer_entry *entry, struct diag *diag)
{
	return manager_put_peer(manager, entry, "update", LOG_PEER_UPDATED, diag);
}

int manager_remove_peer(
	struct manager *manager, const struct key_public *public_key, struct diag *diag)
{
	struct key_text text = key_public_format(public_key);
	int error = key_remove(manager, public_key, diag);
	if (error)
		return diag_wrap(diag, error, "wireguard: remove peer %s", text.text);
	log_line(&manager->logger, LOG_PEER_REMOVED, "public_key", text.text, NULL);
	return 0;
}

int manager_remove_peer_by_id(struct manager *manager, const char *id, struct diag *diag)
{
	struct key_public key;
	if (!peer_index_lookup(&manager->index, id, &key))
		return diag_fail(diag, -ENOENT, "wireguard: unknown peer ID: %s", id);
	int error = key_remove(manager, &key, diag);
	if (error)
		return diag_wrap(diag, error, "wireguard: remove peer %s", id);
	peer_index_remove(&manager->index, id);
	log_line(&manager->logger, LOG_PEER_REMOVED, "peer_id", id, NULL);
	return 0;
}

int manager_configure_peers(struct manager *manager, const struct peer_entry *entries,
	size_t entry_count, const struct cancellation *cancellation, struct diag *diag)
{
	for (size_t i = 0; i < entry_count; i++) {
		if (cancellation && cancellation->is_requested(cancellation->impl, i))
			return diag_fail(diag, -ECANCELED, "wireguard: configure peers: cancelled");
		struct diag failure = {0};
		if (manager_add_peer(manager, &entries[i], &failure) != 0)
			log_line(&manager->logger, LOG_PEER_OPERATION_FAILED, "peer_id",
				entries[i].id, "error", diag_text(&failure), NULL);
		diag_clear(&failure);
	}
	char count[24];
	snprintf(count, sizeof count, "%zu", entry_count);
	log_line(&manager->logger, LOG_PEERS_CONFIGURED, "count", count, NULL);
	return 0;
}
