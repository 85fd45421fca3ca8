/* SPDX-License-Identifier: Apache-2.0 */
#include "convert_parts.h"

#include "diag.h"
#include "errno_name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One change of the world can make another necessary, as a prefix has one owner. */
#define ROUNDS_MAX 8

static struct sim_device *replay_device(const struct converter *converter)
{
	return sim_controller_find(&converter->run.sim, converter->scenario.config.interface_name);
}

static void key_step(struct converter *converter, const char *change, const struct key_public *key)
{
	convert_step(
		converter, "{\"do\":\"world\",\"%s\":\"%s\"}", change, key_public_format(key).text);
}

/* Put this peer on the device, unless it is there. An endpoint goes away only with the peer. */
static void peer_follow(struct converter *converter, const struct peer_config *peer)
{
	struct device device = {0};
	if (converter->error)
		return;
	if (sim_device_read(replay_device(converter), &device) != 0) {
		convert_fail_memory(converter);
		return;
	}
	const struct peer_config *mine = peer_table_find(&device.peers, &peer->public_key);
	bool has_same_endpoint = mine && endpoint_equal(&mine->endpoint, &peer->endpoint);
	if (mine && has_same_endpoint && !peer_config_difference(peer, mine)) {
		device_clear(&device);
		return;
	}
	struct peer_config named = *peer;
	named.id = NULL;
	if (mine && !has_same_endpoint && peer->endpoint.kind == ENDPOINT_NONE)
		key_step(converter, "remove_peer", &peer->public_key);
	char *text = convert_peer_text(&named);
	convert_step(converter, "{\"do\":\"world\",\"set_peer\":%s}", text ? text : "");
	free(text);
	key_secret_wipe(&named.psk);
	device_clear(&device);
}

/* The same of a peer that the replay has on the device in any case, with another endpoint. */
static void peer_follow_with(struct converter *converter, const struct peer_config *peer,
	const struct endpoint *endpoint)
{
	struct peer_config other = *peer;
	other.endpoint = *endpoint;
	peer_follow(converter, &other);
	key_secret_wipe(&other.psk);
}

static void peer_leave(struct converter *converter, const struct key_public *key)
{
	if (sim_device_find(replay_device(converter), key))
		key_step(converter, "remove_peer", key);
}

/* Whether an entry or a pending event of the replay claims the prefix. */
static bool prefix_is_claimed(const struct reconciler *reconciler, const struct prefix *prefix)
{
	const struct state_document *document = &reconciler->document;
	const struct pending_events *pending = &reconciler->manager->pending;
	for (size_t i = 0; i < document->entry_count; i++)
		if (!document->entries[i].error &&
			peer_has_allowed_ip(&document->entries[i].config, prefix))
			return true;
	for (size_t i = 0; i < pending->count; i++)
		if (!pending->peers[i]->removed &&
			peer_has_allowed_ip(&pending->peers[i]->entry.config, prefix))
			return true;
	return false;
}

/* The unusable entry of a withheld peer claims all that the peer has on the device. So the peer has
 * nothing there that another one desires. */
static void withheld_follow(struct converter *converter, const struct peer_config *peer)
{
	struct prefix *left = calloc(peer->allowed_ip_count + 1, sizeof *left);
	struct peer_config reduced = *peer;
	if (!left) {
		convert_fail_memory(converter);
		return;
	}
	reduced.allowed_ips = left;
	reduced.allowed_ip_count = 0;
	for (uint32_t i = 0; i < peer->allowed_ip_count; i++)
		if (!prefix_is_claimed(&converter->run.process.reconciler, &peer->allowed_ips[i]))
			left[reduced.allowed_ip_count++] = peer->allowed_ips[i];
	peer_follow(converter, &reduced);
	key_secret_wipe(&reduced.psk);
	free(left);
}

/* What the trace says of the device's peers. */
static void peers_follow(struct converter *converter, const struct trace_line *line)
{
	const struct trace_cycle *retained = &converter->retained->cycle;
	for (size_t i = 0; i < line->op_count; i++) {
		const struct trace_op *op = &line->ops[i];
		if (op->error == -ECANCELED)
			continue;
		if (op->kind == PEER_OP_ADD)
			peer_leave(converter, &op->public_key);
		else if (op->actual)
			peer_follow(converter, op->actual);
	}
	for (size_t i = 0; i < retained->withheld_count; i++)
		withheld_follow(converter, retained->withheld[i]);
	for (size_t i = 0; i < retained->retained_count; i++)
		peer_follow(converter, retained->retained[i]);
}

static const struct trace_op *traced_op_find(
	const struct trace_line *line, const struct key_public *key)
{
	for (size_t i = 0; i < line->op_count; i++)
		if (line->ops[i].error != -ECANCELED &&
			key_public_equal(&line->ops[i].public_key, key))
			return &line->ops[i];
	return NULL;
}

static bool is_retained(const struct trace_line *line, const struct key_public *key)
{
	const struct trace_cycle *cycle = &line->cycle;
	for (size_t i = 0; i < cycle->retained_count; i++)
		if (key_public_equal(&cycle->retained[i]->public_key, key))
			return true;
	for (size_t i = 0; i < cycle->withheld_count; i++)
		if (key_public_equal(&cycle->withheld[i]->public_key, key))
			return true;
	return false;
}

static bool plan_has(const struct plan *plan, const struct key_public *key)
{
	for (size_t i = 0; i < peer_diff_op_count(&plan->diff); i++)
		if (key_public_equal(peer_op_key(&plan->diff.ops[i]), key))
			return true;
	return false;
}

/* The replay would make an operation: make the world such that it does what the trace says. */
static void planned_op_settle(
	struct converter *converter, const struct trace_line *line, const struct peer_op *op)
{
	const struct trace_op *traced = traced_op_find(line, peer_op_key(op));
	if (!traced && op->kind == PEER_OP_REMOVE)
		peer_leave(converter, peer_op_key(op));
	else if (!traced && op->desired->endpoint.kind == ENDPOINT_NONE && op->actual)
		peer_follow_with(converter, op->desired, &op->actual->endpoint);
	else if (!traced)
		peer_follow(converter, op->desired);
	else if (traced->kind == PEER_OP_UPDATE && op->kind == PEER_OP_UPDATE && traced->actual &&
		 !(traced->fields & PEER_FIELD_ENDPOINT) && (op->fields & PEER_FIELD_ENDPOINT))
		peer_follow_with(converter, traced->actual, &op->desired->endpoint);
}

/* The replay would make fewer operations: an endpoint that is due is one of a silent peer, to which
 * bytes were sent since its handshake. */
static void traced_op_settle(struct converter *converter, const struct trace_op *op)
{
	if (op->error == -ECANCELED)
		return;
	if (op->kind == PEER_OP_ADD)
		peer_leave(converter, &op->public_key);
	else if (op->kind == PEER_OP_UPDATE && (op->fields & PEER_FIELD_ENDPOINT))
		convert_step(converter,
			"{\"do\":\"world\",\"sent\":{\"public_key\":\"%s\",\"bytes\":148}}",
			key_public_format(&op->public_key).text);
}

static int replay_plan(struct converter *converter, struct device *device, struct peer_names *names,
	struct plan *ret)
{
	struct process *process = &converter->run.process;
	struct reconciler *reconciler = &process->reconciler;
	struct desired_input input = {
		.document = &reconciler->document,
		.pending = &process->manager.pending,
		.actual = &device->peers,
		.names = names,
		.identity = process->manager.identity,
		.lookup = &process->manager.lookup,
	};
	int error = sim_device_read(replay_device(converter), device);
	if (!error)
		error = peer_index_snapshot(&process->manager.index, names);
	return error ? error
		     : plan_compute(&input, &process->manager.endpoints, converter->run.now, ret);
}

/* Compare the plan of the replay with the traced decisions, and change the world where they differ.
 */
static void plan_settle(struct converter *converter, const struct trace_line *line)
{
	struct device device = {0};
	struct peer_names names = {0};
	struct plan plan = {0};
	if (replay_plan(converter, &device, &names, &plan) != 0)
		convert_fail_memory(converter);
	for (size_t i = 0; i < peer_diff_op_count(&plan.diff); i++)
		planned_op_settle(converter, line, &plan.diff.ops[i]);
	for (size_t i = 0; i < line->op_count; i++)
		if (!plan_has(&plan, &line->ops[i].public_key))
			traced_op_settle(converter, &line->ops[i]);
	for (size_t i = 0; i < plan.desired.retained_count; i++) {
		const struct key_public *key = &plan.desired.retained[i].actual->public_key;
		if (!is_retained(converter->retained, key))
			peer_leave(converter, key);
	}
	plan_clear(&plan);
	peer_names_clear(&names);
	device_clear(&device);
}

static void peers_settle(struct converter *converter, const struct trace_line *line)
{
	peers_follow(converter, line);
	for (unsigned round = 0; round < ROUNDS_MAX && !converter->error; round++) {
		size_t count = converter->step_count;
		plan_settle(converter, line);
		if (converter->step_count == count)
			return;
	}
}

/* Whether the engine looks at this address. */
static bool address_is_ours(const struct converter *converter, const struct prefix *address)
{
	struct prefix own = prefix_of_host(&converter->scenario.identity.mesh_ip);
	if (prefix_equal(address, &own))
		return true;
	return !converter->config.keep_addresses && !ip_is_link_local(&address->ip);
}

static void interface_write(struct converter *converter, const struct device *device)
{
	const struct replacements *replacements = &converter->replacements;
	const struct interface_config *config = &converter->config;
	struct convert_text addresses = {0};
	bool is_marked = !config->has_fwmark || device->fwmark == config->fwmark;
	struct key_secret key = replacements->own_private_key;
	if (!key_public_equal(&device->public_key, &replacements->own_public_key))
		key = replacements_private_key(replacements, &device->public_key);
	/* A secret key in the form of a public one, to be formatted. */
	struct key_public text;
	memcpy(text.bytes, key.bytes, sizeof text.bytes);
	convert_put(&addresses, converter, "%s", "");
	for (size_t i = 0; i < device->address_count; i++)
		if (address_is_ours(converter, &device->addresses[i]))
			convert_put(&addresses, converter, "%s\"%s\"", addresses.length ? "," : "",
				prefix_format(&device->addresses[i]).text);
	convert_step(converter,
		"{\"do\":\"world\",\"set_interface\":{\"private_key\":%s%s%s,\"listen_port\":%u,"
		"\"mtu\":%d,\"up\":%s,\"addresses\":[%s]}}",
		key_secret_is_zero(&key) ? "" : "\"",
		key_secret_is_zero(&key) ? "null" : key_public_format(&text).text,
		key_secret_is_zero(&key) ? "" : "\"", is_marked ? device->listen_port : 0,
		device->mtu, device->up ? "true" : "false", addresses.text ? addresses.text : "");
	convert_text_clear(&addresses);
	key_secret_wipe(&key);
}

/* The interface is as it should be, if it is not on the replay's device. */
static void interface_restore(struct converter *converter)
{
	const struct interface_config *config = &converter->scenario.config;
	const struct identity *identity = &converter->scenario.identity;
	struct prefix address = prefix_of_host(&identity->mesh_ip);
	struct device device = {0};
	if (sim_device_read(replay_device(converter), &device) != 0) {
		convert_fail_memory(converter);
		return;
	}
	if (interface_drift(&device, config, &identity->public_key, &identity->mesh_ip) !=
		INTERFACE_EVENT_NONE) {
		struct device proper = {
			.public_key = identity->public_key,
			.listen_port = (uint16_t)config->listen_port,
			.fwmark = converter->config.fwmark,
			.mtu = config->mtu ? config->mtu : device.mtu,
			.up = true,
			.addresses = &address,
			.address_count = 1,
		};
		interface_write(converter, &proper);
	}
	device_clear(&device);
}

static void read_fail(struct converter *converter, int error)
{
	convert_step(converter, "{\"do\":\"fail\",\"op\":\"read_device\",\"error\":\"%s\"}",
		errno_name(error));
}

/* The device was lost; or it was lost, was set up, and then could not be read. */
static void device_lose(struct converter *converter, const struct trace_cycle *cycle)
{
	if (cycle->has_plan) {
		convert_step(converter, "{\"do\":\"world\",\"delete_interface\":true}");
		return;
	}
	read_fail(converter, -ENODEV);
	if (cycle->reread_error)
		read_fail(converter, cycle->reread_error);
}

void convert_device(struct converter *converter, const struct trace_line *line)
{
	const struct trace_cycle *cycle = &line->cycle;
	if (!replay_device(converter))
		return;
	if (cycle->read_error == -ENODEV)
		device_lose(converter, cycle);
	else if (cycle->read_error)
		read_fail(converter, cycle->read_error);
	else if (cycle->drifted)
		interface_write(converter, cycle->drifted);
	else
		interface_restore(converter);
	if (cycle->has_plan && !cycle->read_error)
		peers_settle(converter, line);
}
