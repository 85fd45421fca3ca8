/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder_parts.h"

#include "diag.h"
#include "errno_name.h"

#include <errno.h>
#include <stdio.h>

/* A recorded operation. */
struct recorded_op {
	enum sim_op op;
	const struct key_public *key; /* NULL but for peers */
	const char *argument; /* the text after the name and key: "", or with a space before it */
	int error;
};

/* Map errors without a name to EIO. */
static int recorded_error(int error)
{
	return error && errno_from_name(errno_name(error)) == 0 ? -EIO : error;
}

static void record_fault(struct recorder *recorder, const struct recorded_op *recorded)
{
	struct scenario_writer *faults = &recorder->unit.faults;
	scenario_write(faults, "{\"do\":\"fail\",\"op\":\"%s\",\"error\":\"%s\"",
		sim_op_name(recorded->op), errno_name(recorded_error(recorded->error)));
	if (recorded->key) {
		scenario_write(faults, ",\"public_key\":");
		scenario_write_key(faults, recorded->key);
	}
	scenario_write(faults, "},\n");
}

static void record_op(struct recorder *recorder, const struct recorded_op *recorded)
{
	struct scenario_writer *ops = &recorder->unit.ops;
	struct key_public key = {0};
	bool is_finishing = recorder->phase == RECORDER_FINISHING;
	recorder_check(recorder,
		recorded->key ? anonymize_key(&recorder->anonymizer, recorded->key, &key) : 0);
	if (recorder->unit.ops.length)
		scenario_write(ops, ",\n\t");
	scenario_write(ops, "\"%s %s%s%s%s%s%s\"", sim_op_name(recorded->op),
		recorder->config.interface_name, recorded->key ? " " : "",
		recorded->key ? key_public_format(&key).text : "", recorded->argument,
		recorded->error ? " !" : "",
		recorded->error ? errno_name(recorded_error(recorded->error)) : "");
	if (recorded->error)
		record_fault(recorder, recorded);
	if (is_finishing && !recorded->key)
		recorder->unit.has_set_up = true;
}

/* An operation that succeeded on the real device must succeed in the replay. */
static void check_shadow(struct recorder *recorder, int error)
{
	if (error == -ENODEV)
		recorder_end(recorder, "the interface is not in the recording");
	else
		recorder_check(recorder, error);
}

static void record_creation(struct recorder *recorder, int error)
{
	struct recorder_created *created = &recorder->created;
	char port[8];
	snprintf(port, sizeof port, " %u", created->listen_port);
	record_op(recorder, &(struct recorded_op){SIM_OP_CREATE_INTERFACE, NULL, port, error});
	if (!error) {
		if (recorder->phase == RECORDER_FINISHING &&
			!shadow_device_has_interface(&recorder->shadow))
			recorder->unit.has_made = true;
		check_shadow(
			recorder, shadow_device_create(&recorder->shadow, created->listen_port));
	}
	created->is_pending = false;
}

void recorder_settle(struct recorder *recorder)
{
	if (recorder->is_on && recorder->created.is_pending)
		record_creation(recorder, 0);
}

static int create_interface(void *impl, const char *name, const struct key_secret *private_key,
	uint16_t listen_port, struct diag *diag)
{
	struct recorder *recorder = impl;
	recorder_settle(recorder);
	int error = recorder->inner.ops->create_interface(
		recorder->inner.impl, name, private_key, listen_port, diag);
	if (!recorder->is_on)
		return error;
	recorder->created =
		(struct recorder_created){.is_pending = true, .listen_port = listen_port};
	if (error)
		record_creation(recorder, error);
	return error;
}

static int set_fwmark(void *impl, const char *name, uint32_t fwmark, struct diag *diag)
{
	struct recorder *recorder = impl;
	int error = recorder->inner.ops->set_fwmark(recorder->inner.impl, name, fwmark, diag);
	if (recorder->is_on && recorder->created.is_pending)
		record_creation(recorder, error);
	return error;
}

static int delete_interface(void *impl, const char *name, bool *ret_existed, struct diag *diag)
{
	struct recorder *recorder = impl;
	recorder_settle(recorder);
	int error = recorder->inner.ops->delete_interface(
		recorder->inner.impl, name, ret_existed, diag);
	if (!recorder->is_on)
		return error;
	record_op(recorder, &(struct recorded_op){SIM_OP_DELETE_INTERFACE, NULL, "", error});
	if (!error)
		shadow_device_delete(&recorder->shadow);
	return error;
}

static int configure_address(void *impl, const char *name, const struct prefix *address,
	bool keep_others, struct diag *diag)
{
	struct recorder *recorder = impl;
	recorder_settle(recorder);
	int error = recorder->inner.ops->configure_address(
		recorder->inner.impl, name, address, keep_others, diag);
	if (!recorder->is_on)
		return error;
	struct prefix other = anonymize_prefix(&recorder->anonymizer, address);
	char text[PREFIX_TEXT_SIZE + 1];
	snprintf(text, sizeof text, " %s", prefix_format(&other).text);
	record_op(recorder, &(struct recorded_op){SIM_OP_CONFIGURE_ADDRESS, NULL, text, error});
	if (!error)
		check_shadow(recorder, shadow_device_configure_address(&recorder->shadow, address));
	return error;
}

static int set_interface_up(void *impl, const char *name, struct diag *diag)
{
	struct recorder *recorder = impl;
	recorder_settle(recorder);
	int error = recorder->inner.ops->set_interface_up(recorder->inner.impl, name, diag);
	if (!recorder->is_on)
		return error;
	record_op(recorder, &(struct recorded_op){SIM_OP_SET_INTERFACE_UP, NULL, "", error});
	if (!error)
		check_shadow(recorder, shadow_device_set_up(&recorder->shadow));
	return error;
}

static int set_mtu(void *impl, const char *name, int mtu, struct diag *diag)
{
	struct recorder *recorder = impl;
	recorder_settle(recorder);
	int error = recorder->inner.ops->set_mtu(recorder->inner.impl, name, mtu, diag);
	if (!recorder->is_on)
		return error;
	char text[16];
	snprintf(text, sizeof text, " %d", mtu);
	record_op(recorder, &(struct recorded_op){SIM_OP_SET_MTU, NULL, text, error});
	if (!error)
		check_shadow(recorder, shadow_device_set_mtu(&recorder->shadow, mtu));
	return error;
}

static void note_peer_op(struct recorder *recorder, const struct peer_op *op, int error)
{
	const struct key_public *key = peer_op_key(op);
	bool is_remove = op->kind == PEER_OP_REMOVE;
	if (!recorder->is_on)
		return;
	record_op(recorder, &(struct recorded_op){is_remove ? SIM_OP_REMOVE_PEER : SIM_OP_ADD_PEER,
				    key, "", error});
	if (error)
		return;
	check_shadow(recorder, is_remove ? shadow_device_remove_peer(&recorder->shadow, key)
					 : shadow_device_put_peer(&recorder->shadow, op));
}

static int add_peer(void *impl, const char *name, const struct peer_op *op, struct diag *diag)
{
	struct recorder *recorder = impl;
	recorder_settle(recorder);
	int error = recorder->inner.ops->add_peer(recorder->inner.impl, name, op, diag);
	note_peer_op(recorder, op, error);
	return error;
}

static int remove_peer(
	void *impl, const char *name, const struct key_public *key, struct diag *diag)
{
	struct recorder *recorder = impl;
	recorder_settle(recorder);
	struct peer_config peer = {.public_key = *key};
	struct peer_op op = {.kind = PEER_OP_REMOVE, .actual = &peer};
	int error = recorder->inner.ops->remove_peer(recorder->inner.impl, name, key, diag);
	note_peer_op(recorder, &op, error);
	return error;
}

static void apply(void *impl, const char *name, const struct peer_op *ops, size_t op_count,
	struct peer_op_result *results, const struct pause *pause)
{
	struct recorder *recorder = impl;
	recorder_settle(recorder);
	recorder->inner.ops->apply(recorder->inner.impl, name, ops, op_count, results, pause);
	for (size_t i = 0; i < op_count; i++)
		note_peer_op(recorder, &ops[i], results[i].error);
}

/* Steps of the fetch happen before Setup at the end of a cycle. They can change neither what Setup
 * has worked on nor what it created. */
static void note_device(struct recorder *recorder, const struct device *device)
{
	struct recorder_unit *unit = &recorder->unit;
	struct shadow_device *shadow = &recorder->shadow;
	if (!shadow_device_has_interface(shadow)) {
		check_shadow(recorder, -ENODEV);
		return;
	}
	if (!unit->has_set_up)
		recorder_check(
			recorder, shadow_device_follow_interface(shadow, device, &unit->world));
	else if (!shadow_device_has_same_interface(shadow, device))
		recorder_end(recorder, "the interface is not as it was set up");
	if (!recorder->is_on ||
		interface_drift(device, &recorder->config, &recorder->anonymizer.own_key,
			&recorder->mesh_ip) != INTERFACE_EVENT_NONE)
		return;
	size_t length = unit->world.length;
	recorder_check(recorder, shadow_device_follow_peers(shadow, &device->peers, &unit->world));
	if (unit->has_made && unit->world.length != length)
		recorder_end(recorder, "the interface was created with peers");
}

static void note_unreadable(struct recorder *recorder, int error)
{
	if (recorder->unit.has_set_up)
		recorder_end(recorder, "the device went away while it was set up");
	else if (error == -ENODEV)
		shadow_device_follow_deletion(&recorder->shadow, &recorder->unit.world);
	else
		record_fault(recorder, &(struct recorded_op){SIM_OP_READ_DEVICE, NULL, "", error});
}

static int read_device(void *impl, const char *name, struct device *ret, struct diag *diag)
{
	struct recorder *recorder = impl;
	recorder_settle(recorder);
	int error = recorder->inner.ops->read_device(recorder->inner.impl, name, ret, diag);
	if (!recorder->is_on || recorder->phase != RECORDER_FINISHING)
		return error;
	if (error)
		note_unreadable(recorder, error);
	else
		note_device(recorder, ret);
	return error;
}

struct controller recorder_controller(struct recorder *recorder)
{
	const struct controller_ops *inner = recorder->inner.ops;
	recorder->ops = (struct controller_ops){
		.create_interface = create_interface,
		.set_fwmark = inner->set_fwmark ? set_fwmark : NULL,
		.delete_interface = delete_interface,
		.configure_address = configure_address,
		.set_interface_up = set_interface_up,
		.set_mtu = set_mtu,
		.add_peer = add_peer,
		.remove_peer = remove_peer,
		.read_device = read_device,
		.apply = inner->apply ? apply : NULL,
	};
	return (struct controller){.ops = &recorder->ops, .impl = recorder};
}
