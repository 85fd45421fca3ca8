/* SPDX-License-Identifier: Apache-2.0 */
#include "interface_fsm.h"

/*
 * One row for every state and event. Without an action the next state is `on success`.
 *
 *   state      event             action              on success  on failure
 */
/* clang-format off */
#define INTERFACE_ROWS(R)                                                                          \
	R(ABSENT,    SETUP,           CREATE_INTERFACE,   CREATED,    ABSENT)                      \
	R(ABSENT,    TEARDOWN,        DELETE_INTERFACE,   ABSENT,     ABSENT)                      \
	R(ABSENT,    LINK_LOST,       NONE,               ABSENT,     ABSENT)                      \
	R(ABSENT,    DRIFTED_DEVICE,  NONE,               ABSENT,     ABSENT)                      \
	R(ABSENT,    DRIFTED_ADDRESS, NONE,               ABSENT,     ABSENT)                      \
	R(ABSENT,    DRIFTED_MTU,     NONE,               ABSENT,     ABSENT)                      \
	R(ABSENT,    DRIFTED_DOWN,    NONE,               ABSENT,     ABSENT)                      \
                                                                                                   \
	R(CREATED,   SETUP,           CONFIGURE_ADDRESS,  ADDRESSED,  CREATED)                     \
	R(CREATED,   TEARDOWN,        DELETE_INTERFACE,   ABSENT,     CREATED)                     \
	R(CREATED,   LINK_LOST,       NONE,               ABSENT,     ABSENT)                      \
	R(CREATED,   DRIFTED_DEVICE,  NONE,               CREATED,    CREATED)                     \
	R(CREATED,   DRIFTED_ADDRESS, NONE,               CREATED,    CREATED)                     \
	R(CREATED,   DRIFTED_MTU,     NONE,               CREATED,    CREATED)                     \
	R(CREATED,   DRIFTED_DOWN,    NONE,               CREATED,    CREATED)                     \
                                                                                                   \
	R(ADDRESSED, SETUP,           SET_MTU,            SIZED,      ADDRESSED)                   \
	R(ADDRESSED, TEARDOWN,        DELETE_INTERFACE,   ABSENT,     ADDRESSED)                   \
	R(ADDRESSED, LINK_LOST,       NONE,               ABSENT,     ABSENT)                      \
	R(ADDRESSED, DRIFTED_DEVICE,  NONE,               ADDRESSED,  ADDRESSED)                   \
	R(ADDRESSED, DRIFTED_ADDRESS, NONE,               ADDRESSED,  ADDRESSED)                   \
	R(ADDRESSED, DRIFTED_MTU,     NONE,               ADDRESSED,  ADDRESSED)                   \
	R(ADDRESSED, DRIFTED_DOWN,    NONE,               ADDRESSED,  ADDRESSED)                   \
                                                                                                   \
	R(SIZED,     SETUP,           SET_INTERFACE_UP,   UP,         SIZED)                       \
	R(SIZED,     TEARDOWN,        DELETE_INTERFACE,   ABSENT,     SIZED)                       \
	R(SIZED,     LINK_LOST,       NONE,               ABSENT,     ABSENT)                      \
	R(SIZED,     DRIFTED_DEVICE,  NONE,               SIZED,      SIZED)                       \
	R(SIZED,     DRIFTED_ADDRESS, NONE,               SIZED,      SIZED)                       \
	R(SIZED,     DRIFTED_MTU,     NONE,               SIZED,      SIZED)                       \
	R(SIZED,     DRIFTED_DOWN,    NONE,               SIZED,      SIZED)                       \
                                                                                                   \
	R(UP,        SETUP,           NONE,               UP,         UP)                          \
	R(UP,        TEARDOWN,        DELETE_INTERFACE,   ABSENT,     UP)                          \
	R(UP,        LINK_LOST,       NONE,               ABSENT,     ABSENT)                      \
	R(UP,        DRIFTED_DEVICE,  NONE,               ABSENT,     ABSENT)                      \
	R(UP,        DRIFTED_ADDRESS, NONE,               CREATED,    CREATED)                     \
	R(UP,        DRIFTED_MTU,     NONE,               ADDRESSED,  ADDRESSED)                   \
	R(UP,        DRIFTED_DOWN,    NONE,               SIZED,      SIZED)

/* clang-format on */

/* A repeated row is an error because of the designators, a missing one because of the count. */
#define ROW(state, event, act, success, failure)                                                   \
	[INTERFACE_##state][INTERFACE_EVENT_##event] = {                                           \
		.action = INTERFACE_ACTION_##act,                                                  \
		.on_success = INTERFACE_##success,                                                 \
		.on_failure = INTERFACE_##failure,                                                 \
	},
static const struct interface_transition cells[INTERFACE_STATE_COUNT][INTERFACE_EVENT_COUNT] = {
	INTERFACE_ROWS(ROW)};

#define COUNT_ROW(...) +1
_Static_assert(0 INTERFACE_ROWS(COUNT_ROW) == INTERFACE_STATE_COUNT * INTERFACE_EVENT_COUNT,
	"one row for every state and event");

struct interface_transition interface_fsm_transition(
	enum interface_state state, enum interface_event event)
{
	return cells[state][event];
}

static bool addresses_are_right(const struct device *device, const struct interface_config *config,
	const struct prefix *wanted)
{
	bool found = false;
	for (size_t i = 0; i < device->address_count; i++) {
		const struct prefix *address = &device->addresses[i];
		if (prefix_equal(address, wanted))
			found = true;
		else if (!config->keep_addresses && !ip_is_link_local(&address->ip))
			return false;
	}
	return found;
}

enum interface_event interface_drift(const struct device *device,
	const struct interface_config *config, const struct key_public *own_key,
	const struct ip *mesh_ip)
{
	struct prefix wanted = prefix_of_host(mesh_ip);
	if (!key_public_equal(&device->public_key, own_key) ||
		device->listen_port != config->listen_port ||
		(config->has_fwmark && device->fwmark != config->fwmark))
		return INTERFACE_EVENT_DRIFTED_DEVICE;
	if (!addresses_are_right(device, config, &wanted))
		return INTERFACE_EVENT_DRIFTED_ADDRESS;
	if (config->mtu > 0 && device->mtu != config->mtu)
		return INTERFACE_EVENT_DRIFTED_MTU;
	if (!device->up)
		return INTERFACE_EVENT_DRIFTED_DOWN;
	return INTERFACE_EVENT_NONE;
}

#define X(upper, lower) #lower,
const char *interface_state_name(enum interface_state state)
{
	static const char *const names[] = {INTERFACE_STATES(X)};
	return names[state];
}

const char *interface_event_name(enum interface_event event)
{
	static const char *const names[] = {INTERFACE_EVENTS(X)};
	return names[event];
}

const char *interface_action_name(enum interface_action action)
{
	static const char *const names[] = {INTERFACE_ACTIONS(X)};
	return names[action];
}
#undef X
