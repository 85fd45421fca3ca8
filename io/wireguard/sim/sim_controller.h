/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller for simulated devices in memory, for `replay` and `--controller sim`.
 *
 * It executes one operation at a time (it has no `apply`), reports each to a recorder, and injects
 * faults; an operation that fails by a fault changes nothing. The devices live as long as struct
 * sim_controller, whatever its users do.
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
/* Returns false if `name` is not an operation. */
bool sim_op_from_name(const char *name, enum sim_op *ret);

/* Makes the next `times` calls of an operation fail; with a key, only calls for that peer. */
struct sim_fault {
	enum sim_op op;
	int error; /* negative errno */
	unsigned times;
	bool has_key; /* for add_peer and remove_peer */
	struct key_public public_key;
};

/*
 * Called after each operation, read_device and those of sim_router.h included, with its text, such
 * as "add_peer plexd0 KEY". The text of a failed operation ends in " !EIO".
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

/* Begin without interfaces. */
void sim_controller_init(struct sim_controller *sim, struct sim_recorder recorder);
void sim_controller_deinit(struct sim_controller *sim);
/* Return the controller interface; it borrows `sim`. */
struct controller sim_controller(struct sim_controller *sim);

/* The actions of other programs; they are not recorded and no fault applies. */
/* Return the interface of that name, or NULL. */
struct sim_device *sim_controller_find(const struct sim_controller *sim, const char *name);
/* The same, but create a missing one. Returns NULL if out of memory. */
struct sim_device *sim_controller_create(struct sim_controller *sim, const char *name);
/* Delete the interface if it exists. */
void sim_controller_delete(struct sim_controller *sim, const char *name);

/* Remove the routes that an interface can no longer have after a change. */
void sim_controller_settle_routes(struct sim_controller *sim, const struct sim_device *device);

/* Add a fault. The oldest matching fault applies to a call. Returns 0 or -ENOMEM. */
int sim_controller_fail(struct sim_controller *sim, const struct sim_fault *fault);

/* For the router: return the error of the fault that applies to its call, or 0. */
int sim_controller_fault(struct sim_controller *sim, enum sim_op op);
/* Record the call and its result. Returns `error`, with its text in `diag`. */
int sim_controller_tell(struct sim_controller *sim, enum sim_op op, const char *name,
	const char *argument, int error, struct diag *diag);
