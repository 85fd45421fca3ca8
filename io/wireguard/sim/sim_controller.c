/* SPDX-License-Identifier: Apache-2.0 */
#include "sim_controller.h"

#include "diag.h"
#include "errno_name.h"
#include "ipv6_obstacle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const op_names[] = {
#define X(upper, lower) [SIM_OP_##upper] = #lower,
	SIM_OPS(X)
#undef X
};

const char *sim_op_name(enum sim_op op)
{
	return op_names[op];
}

bool sim_op_from_name(const char *name, enum sim_op *ret)
{
	for (unsigned op = 0; op < SIM_OP_COUNT; op++) {
		if (strcmp(op_names[op], name) == 0) {
			*ret = (enum sim_op)op;
			return true;
		}
	}
	return false;
}

void sim_controller_init(struct sim_controller *sim, struct sim_recorder recorder)
{
	*sim = (struct sim_controller){.recorder = recorder};
}

void sim_controller_deinit(struct sim_controller *sim)
{
	for (size_t i = 0; i < sim->device_count; i++)
		sim_device_free(sim->devices[i]);
	free(sim->devices);
	free(sim->faults);
	sim_routes_clear(&sim->routes);
	*sim = (struct sim_controller){0};
}

struct sim_device *sim_controller_find(const struct sim_controller *sim, const char *name)
{
	for (size_t i = 0; i < sim->device_count; i++) {
		if (strcmp(sim->devices[i]->name, name) == 0)
			return sim->devices[i];
	}
	return NULL;
}

struct sim_device *sim_controller_create(struct sim_controller *sim, const char *name)
{
	struct sim_device *device = sim_controller_find(sim, name);
	struct sim_device **devices;
	if (device)
		return device;
	devices = realloc(sim->devices, (sim->device_count + 1) * sizeof *devices);
	if (!devices)
		return NULL;
	sim->devices = devices;
	device = sim_device_new(name);
	if (device)
		devices[sim->device_count++] = device;
	return device;
}

void sim_controller_delete(struct sim_controller *sim, const char *name)
{
	for (size_t i = 0; i < sim->device_count; i++) {
		if (strcmp(sim->devices[i]->name, name) != 0)
			continue;
		sim_routes_drop(&sim->routes, name, IP_NONE);
		sim_device_free(sim->devices[i]);
		sim->devices[i] = sim->devices[--sim->device_count];
		return;
	}
}

void sim_controller_settle_routes(struct sim_controller *sim, const struct sim_device *device)
{
	if (!device->up)
		sim_routes_drop(&sim->routes, device->name, IP_NONE);
	else if (device->mtu < IPV6_MTU_MIN)
		sim_routes_drop(&sim->routes, device->name, IP_V6);
}

int sim_controller_fail(struct sim_controller *sim, const struct sim_fault *fault)
{
	struct sim_fault *faults = realloc(sim->faults, (sim->fault_count + 1) * sizeof *faults);
	if (!faults)
		return -ENOMEM;
	faults[sim->fault_count++] = *fault;
	sim->faults = faults;
	return 0;
}

/* One call of a controller operation: what its fault and its record need. */
struct call {
	struct sim_controller *sim;
	enum sim_op op;
	const char *name;
	const struct key_public *key; /* NULL but for peers */
	const char *argument;         /* follows the name in the record; NULL: none */
};

/* Use up the fault that applies to the call and return its error, or 0. */
static int take_fault(const struct call *call)
{
	struct sim_controller *sim = call->sim;
	for (size_t i = 0; i < sim->fault_count; i++) {
		struct sim_fault *fault = &sim->faults[i];
		int error = fault->error;
		if (fault->op != call->op)
			continue;
		if (fault->has_key &&
			!(call->key && key_public_equal(&fault->public_key, call->key)))
			continue;
		if (--fault->times == 0) {
			sim->fault_count--;
			memmove(fault, fault + 1, (sim->fault_count - i) * sizeof *fault);
		}
		return error;
	}
	return 0;
}

/* Returns 0 if the operation may continue with `*ret`, which is NULL only if `may_be_missing`. */
static int call_begin(const struct call *call, bool may_be_missing, struct sim_device **ret)
{
	int error = take_fault(call);
	struct sim_device *device;
	if (error)
		return error;
	device = sim_controller_find(call->sim, call->name);
	if (!device && !may_be_missing)
		return -ENODEV;
	*ret = device;
	return 0;
}

static int call_end(const struct call *call, int error, struct diag *diag)
{
	const struct sim_recorder *recorder = &call->sim->recorder;
	const char *argument = call->argument;
	char text[256];
	if (recorder->record) {
		snprintf(text, sizeof text, "%s %s%s%s%s%s", sim_op_name(call->op), call->name,
			argument ? " " : "", argument ? argument : "", error ? " !" : "",
			error ? errno_name(error) : "");
		recorder->record(recorder->impl, call->op, text);
	}
	return error ? diag_fail_errno(diag, error) : 0;
}

int sim_controller_fault(struct sim_controller *sim, enum sim_op op)
{
	struct call call = {.sim = sim, .op = op};
	return take_fault(&call);
}

int sim_controller_tell(struct sim_controller *sim, enum sim_op op, const char *name,
	const char *argument, int error, struct diag *diag)
{
	struct call call = {.sim = sim, .op = op, .name = name, .argument = argument};
	return call_end(&call, error, diag);
}

static int sim_create_interface(void *impl, const char *name, const struct key_secret *private_key,
	uint16_t listen_port, struct diag *diag)
{
	char port[8];
	struct call call = {impl, SIM_OP_CREATE_INTERFACE, name, NULL, port};
	struct sim_device *device = NULL;
	int error;
	snprintf(port, sizeof port, "%u", listen_port);
	error = call_begin(&call, true, &device);
	if (!error) {
		device = sim_controller_create(impl, name);
		error = device ? 0 : -ENOMEM;
	}
	if (!error) {
		sim_device_set_private_key(device, private_key);
		device->listen_port = listen_port;
	}
	return call_end(&call, error, diag);
}

static int sim_delete_interface(void *impl, const char *name, bool *ret_existed, struct diag *diag)
{
	struct call call = {impl, SIM_OP_DELETE_INTERFACE, name, NULL, NULL};
	struct sim_device *device = NULL;
	int error = call_begin(&call, true, &device);
	if (!error) {
		*ret_existed = device != NULL;
		sim_controller_delete(impl, name);
	}
	return call_end(&call, error, diag);
}

static int sim_configure_address(void *impl, const char *name, const struct prefix *address,
	bool keep_others, struct diag *diag)
{
	struct prefix_text text = prefix_format(address);
	struct call call = {impl, SIM_OP_CONFIGURE_ADDRESS, name, NULL, text.text};
	struct sim_device *device = NULL;
	int error = call_begin(&call, false, &device);
	if (!error)
		error = sim_device_configure_address(device, address, keep_others);
	return call_end(&call, error, diag);
}

/* A check changes nothing, so it is not recorded. */
static int sim_check_address(
	void *impl, const char *name, const struct prefix *address, int mtu, struct diag *diag)
{
	const struct sim_device *device = sim_controller_find(impl, name);
	enum ipv6_obstacle obstacle = IPV6_OBSTACLE_NONE;
	if (device && device->mtu < IPV6_MTU_MIN)
		obstacle = ipv6_obstacle_with_mtu(IPV6_OBSTACLE_MTU, mtu);
	if (address->ip.family != IP_V6 || !obstacle)
		return 0;
	return diag_fail(diag, ipv6_obstacle_error(obstacle), "%s", ipv6_obstacle_text(obstacle));
}

static int sim_set_interface_up(void *impl, const char *name, struct diag *diag)
{
	struct call call = {impl, SIM_OP_SET_INTERFACE_UP, name, NULL, NULL};
	struct sim_device *device = NULL;
	int error = call_begin(&call, false, &device);
	if (!error)
		device->up = true;
	return call_end(&call, error, diag);
}

static int sim_set_mtu(void *impl, const char *name, int mtu, struct diag *diag)
{
	char text[16];
	struct call call = {impl, SIM_OP_SET_MTU, name, NULL, text};
	struct sim_device *device = NULL;
	int error;
	snprintf(text, sizeof text, "%d", mtu);
	error = call_begin(&call, false, &device);
	if (!error) {
		sim_device_set_mtu(device, mtu);
		sim_controller_settle_routes(impl, device);
	}
	return call_end(&call, error, diag);
}

static int sim_add_peer(void *impl, const char *name, const struct peer_op *op, struct diag *diag)
{
	const struct key_public *key = peer_op_key(op);
	struct key_text text = key_public_format(key);
	struct call call = {impl, SIM_OP_ADD_PEER, name, key, text.text};
	bool create = op->kind == PEER_OP_ADD;
	struct sim_device *device = NULL;
	int error = call_begin(&call, false, &device);
	if (!error)
		error = sim_device_set_peer(
			device, op->desired, create ? PEER_FIELDS_ALL : op->fields, create);
	return call_end(&call, error, diag);
}

static int sim_remove_peer(
	void *impl, const char *name, const struct key_public *key, struct diag *diag)
{
	struct key_text text = key_public_format(key);
	struct call call = {impl, SIM_OP_REMOVE_PEER, name, key, text.text};
	struct sim_device *device = NULL;
	int error = call_begin(&call, false, &device);
	if (!error)
		sim_device_remove_peer(device, key);
	return call_end(&call, error, diag);
}

static int sim_read_device(void *impl, const char *name, struct device *ret, struct diag *diag)
{
	struct call call = {impl, SIM_OP_READ_DEVICE, name, NULL, NULL};
	struct sim_device *device = NULL;
	int error = call_begin(&call, false, &device);
	if (!error)
		error = sim_device_read(device, ret);
	return call_end(&call, error, diag);
}

static const struct controller_ops sim_controller_ops = {
	.create_interface = sim_create_interface,
	.delete_interface = sim_delete_interface,
	.configure_address = sim_configure_address,
	.check_address = sim_check_address,
	.set_interface_up = sim_set_interface_up,
	.set_mtu = sim_set_mtu,
	.add_peer = sim_add_peer,
	.remove_peer = sim_remove_peer,
	.read_device = sim_read_device,
};

struct controller sim_controller(struct sim_controller *sim)
{
	return (struct controller){.ops = &sim_controller_ops, .impl = sim};
}
