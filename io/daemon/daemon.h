/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `plexwg run`: a node that stays converged by itself. One thread decides; signals, timers, the
 * state file or the control plane, the link and resolved names are what it waits for.
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
	struct identity *identity; /* read anew on SIGHUP */
	const char *identity_directory;
	const char *state_path;  /* either this */
	const char *api_url;     /* or this */
	const char *ca_path;     /* NULL: the system's authorities */
	const char *record_path; /* NULL: nothing is recorded */
	int64_t interval_ms;
	bool keep_interface;     /* do not tear down at the end */
	int max_removal_percent; /* see removal_guard.h */
	bool filter_syscalls;    /* once it is up, for the whole process */
	/* Of what others send; 0: the defaults. */
	size_t peers_max;
	size_t allowed_ips_max;
	size_t allowed_ips_total_max;
	size_t state_bytes_max;
	size_t nonces_max;
	struct service_environment service;
};

/* Returns when a signal has ended it: 0, or a negative errno with the reason. */
int daemon_run(const struct daemon_settings *settings, struct diag *diag);
