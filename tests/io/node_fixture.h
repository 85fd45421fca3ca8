/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a daemon that talk to a control plane, each to be tested alone, with a control
 * plane, an identity directory with a token, a manager on a simulated device, a recorded log and a
 * clock that the test sets. Every failure fails the test.
 */
#pragma once

#include "clock.h"
#include "control_plane.h"
#include "events.h"
#include "harness.h"
#include "payload_wire.h"
#include "plane_process.h"
#include "scratch.h"
#include "sim_controller.h"

#include <stdio.h>

#define NODE_TOKEN "node-token"

struct node_fixture {
	struct scratch *scratch;
	struct plane_process process;
	struct loop loop;
	struct control_plane plane;
	struct sim_controller sim;
	struct identity identity;
	struct manager manager;
	struct verifier verifier;
	struct peer_wire_options wire;
	struct event_dispatcher dispatcher;
	struct clock clock;
	int64_t clock_ahead_ns;
	int64_t boot_ahead_ns;
	char *log; /* one line for each message: MESSAGE KEY=VALUE... */
	size_t log_length;
	FILE *log_file;
};

int node_set_up(void **state);
int node_tear_down(void **state);
/* Replace the control plane's client with one of other limits; the node is "n1". */
void node_connect(struct node_fixture *node, const struct api_options *options);

/* Waits until the condition holds. */
typedef bool node_condition(void *impl);
void node_wait(struct node_fixture *node, node_condition *condition, void *impl);
void node_run_for(struct node_fixture *node, int64_t delay_ms);

/* `text` is the content of the JSON object, with single quotes for double ones. */
void node_tell(struct node_fixture *node, const char *method, const char *path, const char *text);
/* As node_tell, but instead of all faults before. */
void node_fault(struct node_fixture *node, const char *text);
bool node_plane_knows(struct node_fixture *node, const char *path, const char *part);
/* How many lines of the log hold `part`. */
size_t node_logged(const struct node_fixture *node, const char *part);
