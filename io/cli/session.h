/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the commands share that work on a device or a state: identity, controller, state document,
 * log. Each part is opened by its own function; session_close closes all that is open.
 *
 * Functions return 0, or a negative errno with the reason in `diag`.
 */
#pragma once

#include "controller_choice.h"
#include "identity.h"
#include "interface_lock.h"
#include "link_router.h"
#include "log_sink.h"
#include "options.h"
#include "route_plan.h"
#include "state_document.h"

struct warnings;

struct session {
	const struct options *options;
	struct identity identity;
	struct controller_handle controller;
	struct state_document document;
	struct log_sink log_sink;
	struct interface_lock lock;
	bool has_router;
	struct link_router router;
};

/* Begin a session and validate the configuration. Borrows the options. */
int session_open(struct session *session, const struct options *options, struct diag *diag);
/* Lock the interface until session_close, as interface_lock_take. A simulated one needs no lock. */
int session_lock(struct session *session, struct diag *diag);
int session_load_identity(struct session *session, struct diag *diag);
int session_open_controller(struct session *session, struct diag *diag);
/* Check, as Setup does, that the interface can have the mesh address. */
int session_check_address(struct session *session, struct diag *diag);
/* Open the routing table. With --no-routes or a simulated device there is no router. */
int session_open_router(struct session *session, struct diag *diag);
struct router session_router(struct session *session);
struct route_policy session_route_policy(const struct session *session);
/* Load the state document. Open permissions and unknown members become warnings. Host names are not
 * resolved. */
int session_load_state(struct session *session, struct warnings *warnings, struct diag *diag);
/* Return a logger that drops all lines unless --log-level is given. */
struct logger session_logger(struct session *session);
void session_close(struct session *session);
