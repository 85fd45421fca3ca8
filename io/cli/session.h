/*
 * What the commands that look at a device or at a state have in common: identity, controller,
 * state document, log. Each is opened only if asked for, and session_close closes what is open.
 *
 * Functions return 0, or a negative errno with the reason in `diag`.
 */
#pragma once

#include "controller_choice.h"
#include "identity.h"
#include "log_sink.h"
#include "options.h"
#include "state_document.h"

struct warnings;

struct session {
	const struct options *options;
	struct identity identity;
	struct controller_handle controller;
	struct state_document document;
	struct log_sink log_sink;
};

/* Takes the options; checks the configuration. */
int session_open(struct session *session, const struct options *options, struct diag *diag);
int session_load_identity(struct session *session, struct diag *diag);
int session_open_controller(struct session *session, struct diag *diag);
/* Odd things about the file and its members become warnings. Host names stay as they are. */
int session_load_state(struct session *session, struct warnings *warnings, struct diag *diag);
/* Drops all lines unless --log-level was given. */
struct logger session_logger(struct session *session);
void session_close(struct session *session);
