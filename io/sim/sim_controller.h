/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller over devices in memory: what `replay` runs on, and `--controller sim`.
 *
 * It carries out one operation at a time (it has no `apply`), tells a recorder of each, and fails
 * the operations it was told to fail; one that fails so changes nothing. Devices outlive whoever
 * uses the controller: they are the world.
 */
#pragma once

#include "controller.h"
#include "sim_device.h"
#include "sim_routes.h"

#define SIM_OPS(X)                                                                                 \
	X(CREATE_INTERFACE, create_interface)                                                      \
	X(DELETE_INTERFACE, delete_interface)                                                      \
	X(CONFIGURE_ADDRESS, configure_address)                                                    \
	X(SET_INTERFACE_UP, set_interface_up)                                                      \
	X(SET_MTU, set_mtu)                                                                        \
	X(ADD_PEER, add_peer)                                                                      \
	X(REMOVE_PEER, remove_peer)                                                                \
	X(READ_DEVICE, read_device)                                                                \
	X(ADD_ROUTE, add_route)                                                                    \
	X(REMOVE_ROUTE, remove_route)

#define X(upper, lower) SIM_OP_##upper,
enum sim_op { SIM_OPS(X) SIM_OP_COUNT };
#undef X

const char *sim_op_name(enum sim_op op);
/* False if `name` is no operation. */
bool sim_op_from_name(const char *name, enum sim_op *ret);

/* The next `times` calls of an operation fail, only those for one peer if it names one. */
struct sim_fault {
	enum sim_op op;
	int error; /* negative errno */
	unsigned times;
	bool has_key; /* for add_peer and remove_peer */
	struct key_public public_key;
};

/*
 * Called after each operation with its text, such as "add_peer plexd0 KEY"; that of one that
 * failed ends in " !EIO". read_device and the router's operations (sim_router.h) are told too.
 */
struct sim_recorder {
	void (*record)(void *impl, enum sim_op op, const char *text);
	void *impl;
};

struct sim_controller {
	struct sim_device **devices;
	size_t device_count;
	struct sim_routes routes;
	struct sim_fault *faults; /* oldest first */
	size_t fault_count;
	struct sim_recorder recorder; /* `record` may be NULL */
};

/* A world without interfaces. */
void sim_controller_init(struct sim_controller *sim, struct sim_recorder recorder);
void sim_controller_deinit(struct sim_controller *sim);
/* Borrows `sim`. */
struct controller sim_controller(struct sim_controller *sim);

/* What somebody else does: neither recorded nor failed. */
/* The interface of that name, or NULL. */
struct sim_device *sim_controller_find(const struct sim_controller *sim, const char *name);
/* The same, made if it is not there. NULL when memory is out. */
struct sim_device *sim_controller_create(struct sim_controller *sim, const char *name);
/* No effect if there is none. */
void sim_controller_delete(struct sim_controller *sim, const char *name);

/* An interface was changed: routes that it can no longer have are gone. */
void sim_controller_settle_routes(struct sim_controller *sim, const struct sim_device *device);

/* Returns 0 or -ENOMEM. The oldest fault that fits a call is the one that fails it. */
int sim_controller_fail(struct sim_controller *sim, const struct sim_fault *fault);

/* For the router. The error that its call was told to fail with, or 0. */
int sim_controller_fault(struct sim_controller *sim, enum sim_op op);
/* Tells the recorder how it went. Returns `error`, its text in `diag`. */
int sim_controller_tell(struct sim_controller *sim, enum sim_op op, const char *name,
	const char *argument, int error, struct diag *diag);
