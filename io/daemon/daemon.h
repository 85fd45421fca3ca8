/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `plexwg run`: keep a node converged. One thread makes all decisions; it waits for signals,
 * timers, the state file or the control plane, the link, and resolved names.
 */
#pragma once

#include "controller.h"
#include "identity.h"
#include "interface_config.h"
#include "logger.h"
#include "route_plan.h"
#include "service_notify.h"

struct diag;
struct link_router;

/* All borrowed. */
struct daemon_settings {
	struct controller controller;
	struct interface_config config;
	struct link_router *router; /* NULL: routes are not managed */
	struct route_policy route_policy;
	struct logger logger;
	struct identity *identity; /* replaced on SIGHUP */
	const char *identity_directory;
	const char *state_path; /* in file mode; NULL with api_url */
	const char *api_url;    /* with a control plane; NULL with state_path */
	const char *ca_path;    /* NULL: the system's authorities */
	size_t trace_bytes_max; /* 0: nothing is traced */
	int64_t interval_ms;
	bool keep_interface;     /* do not remove the interface at the end */
	int max_removal_percent; /* see removal_guard.h */
	bool filter_syscalls;    /* install the system call filter, for the whole process */
	/* Limits on input; 0: the defaults. */
	size_t peers_max;
	size_t allowed_ips_max;
	size_t allowed_ips_total_max;
	size_t state_bytes_max;
	size_t nonces_max;
	struct service_environment service;
};

/* Run until SIGTERM or SIGINT. Returns 0 or a negative errno. */
int daemon_run(const struct daemon_settings *settings, struct diag *diag);
