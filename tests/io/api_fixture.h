/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of a test to a control plane, and their results. Every failure fails the test. */
#pragma once

#include "api_client.h"
#include "harness.h"
#include "plane_process.h"

#define PATIENCE_MS 20000

/* The node's token. Of one byte, so that freed_memory.h can search for it. */
#define TOKEN "TTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTT"

struct api_fixture {
	struct plane_process plane;
	struct loop loop;
	struct api_client client;
	int waiting; /* for so many calls */
};

/* The result of a call. The texts are copies, freed by got_clear. */
struct got {
	struct api_fixture *fixture;
	struct api_call *call;
	bool is_done;
	struct api_result result;
	char error[API_ERROR_SIZE];
	bool has_state;
	struct secret_buffer body;
	char etag[HTTP_FIELD_MAX + 1];
	bool has_orders;
	struct api_orders orders;
	bool has_registration;
	char node_id[API_NODE_ID_MAX + 1];
	char mesh_ip[IP_TEXT_SIZE];
	char signing_key[sizeof(struct key_text)];
	char secret[64];
	char peers[256];
};

int api_set_up(void **state);
/* Also checks that nothing is left on the loop. */
int api_tear_down(void **state);
/* Another client, for a node with that id and the token. */
void api_open(struct api_fixture *fixture, const char *node_id, const struct api_options *options);

void api_wait(struct api_fixture *fixture);
void api_run_for(struct api_fixture *fixture, int64_t delay_ms);
/* Count one call less to wait for. */
void api_over(struct api_fixture *fixture);

/* Each starts a call to wait for; `got_` also wait, and check that no error contains the token. */
void state_ask(struct api_fixture *fixture, struct got *got, const char *etag);
struct got got_state(struct api_fixture *fixture, const char *etag);
struct got got_drift(
	struct api_fixture *fixture, const struct api_correction *corrections, size_t count);
struct got got_heartbeat(struct api_fixture *fixture);
struct got got_registration(struct api_fixture *fixture, const char *join_token);
void got_clear(struct got *got);

/* `text` is the content of the JSON object, with single quotes for double ones. */
void api_fault(struct api_fixture *fixture, const char *text);
/* The same to another path of the admin interface. */
void api_tell(struct api_fixture *fixture, const char *method, const char *path, const char *text);
bool api_plane_knows(struct api_fixture *fixture, const char *path, const char *part);

/* The outcome is that, with this text; clears it. */
void assert_outcome(struct got *got, enum api_outcome outcome, const char *words);
