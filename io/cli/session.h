/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the commands that look at a device or at a state have in common: identity, controller,
 * state document, log. Each is opened only if asked for, and session_close closes what is open.
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

/* Takes the options; checks the configuration. */
int session_open(struct session *session, const struct options *options, struct diag *diag);
/* Nobody else is to change the interface until session_close. A simulated one needs no lock. */
int session_lock(struct session *session, struct diag *diag);
int session_load_identity(struct session *session, struct diag *diag);
int session_open_controller(struct session *session, struct diag *diag);
/* Whether the interface can have the mesh address, as Setup is going to ask. */
int session_check_address(struct session *session, struct diag *diag);
/* The routing table, or one that nobody looks after: with --no-routes, or a simulated device. */
int session_open_router(struct session *session, struct diag *diag);
struct router session_router(struct session *session);
struct route_policy session_route_policy(const struct session *session);
/* Odd things about the file and its members become warnings. Host names stay as they are. */
int session_load_state(struct session *session, struct warnings *warnings, struct diag *diag);
/* Drops all lines unless --log-level was given. */
struct logger session_logger(struct session *session);
void session_close(struct session *session);
