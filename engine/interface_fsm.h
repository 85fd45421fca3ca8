/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state machine of the interface. Pure: interface_fsm_transition returns the action and the
 * states that follow from its success or failure; the caller runs the action and stores the state.
 *
 *     absent --create_interface--> created --configure_address--> addressed
 *            --set_mtu--> sized --set_interface_up--> up
 *
 * Setup goes from the current state to up and stops at the first action that fails; the next Setup
 * continues there. Teardown leads from every state to absent. A lost link is absent. A link that
 * drifted goes back to the state before the first property that differs.
 */
#pragma once

#include "device.h"
#include "interface_config.h"

#define INTERFACE_STATES(X)                                                                        \
	X(ABSENT, absent)                                                                          \
	X(CREATED, created)                                                                        \
	X(ADDRESSED, addressed)                                                                    \
	X(SIZED, sized)                                                                            \
	X(UP, up)

#define INTERFACE_EVENTS(X)                                                                        \
	X(SETUP, setup)                                                                            \
	X(TEARDOWN, teardown)                                                                      \
	X(LINK_LOST, link_lost)                                                                    \
	X(DRIFTED_DEVICE, drifted_device) /* key, port, mark */                                    \
	X(DRIFTED_ADDRESS, drifted_address)                                                        \
	X(DRIFTED_MTU, drifted_mtu)                                                                \
	X(DRIFTED_DOWN, drifted_down)

#define INTERFACE_ACTIONS(X)                                                                       \
	X(NONE, none)                                                                              \
	X(CREATE_INTERFACE, create_interface)                                                      \
	X(CONFIGURE_ADDRESS, configure_address)                                                    \
	X(SET_MTU, set_mtu) /* does nothing if no MTU is configured */                             \
	X(SET_INTERFACE_UP, set_interface_up)                                                      \
	X(DELETE_INTERFACE, delete_interface)

#define X(upper, lower) INTERFACE_##upper,
enum interface_state { INTERFACE_STATES(X) INTERFACE_STATE_COUNT };
#undef X
#define X(upper, lower) INTERFACE_EVENT_##upper,
/* NONE means no event; the table has no rows for it. */
enum interface_event { INTERFACE_EVENTS(X) INTERFACE_EVENT_COUNT, INTERFACE_EVENT_NONE };
#undef X
#define X(upper, lower) INTERFACE_ACTION_##upper,
enum interface_action { INTERFACE_ACTIONS(X) INTERFACE_ACTION_COUNT };
#undef X

struct interface_transition {
	enum interface_action action;
	enum interface_state on_success; /* also the next state if there is no action */
	enum interface_state on_failure;
};

struct interface_transition interface_fsm_transition(
	enum interface_state state, enum interface_event event);

/*
 * Compare a device that should be up with its configuration. Return the DRIFTED event of the first
 * property that differs, or INTERFACE_EVENT_NONE. `own_key` is the public key of the node.
 */
enum interface_event interface_drift(const struct device *device,
	const struct interface_config *config, const struct key_public *own_key,
	const struct ip *mesh_ip);

const char *interface_state_name(enum interface_state state);
const char *interface_event_name(enum interface_event event);
const char *interface_action_name(enum interface_action action);
