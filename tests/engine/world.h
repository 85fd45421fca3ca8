/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node under test: manager, reconciler, verifier and clock over a fake controller, with all that
 * they log and report written down. As a cmocka fixture:
 *
 *     cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
 */
#pragma once

#include "fake_controller.h"
#include "observer.h"

/* The node's own key, as a byte, and its mesh address. */
#define WORLD_OWN_KEY 0xee
#define WORLD_MESH_IP "10.100.0.1"
#define WORLD_NODE_ID "node-1"
#define WORLD_START_S 1772366400

struct world {
	struct fake_controller fake;
	struct controller controller; /* over `fake`; a test may replace it for the next process */
	struct identity identity;
	struct interface_config config; /* for the next process */
	struct observer observers[2];   /* for the next process */
	struct manager manager;
	struct verifier verifier;
	struct reconciler reconciler;
	int64_t now_s;                /* the wall clock */
	int64_t clock_jump_s;         /* how far it jumped, which the boot clock did not */
	char logs[4 * FAKE_TEXT_MAX]; /* "level message key=value ...", one a line */
	char drift[FAKE_TEXT_MAX];    /* "peer_added peer peer-2", joined with "; " */
	unsigned drift_count;
	int drift_error;               /* the result of the next reports */
	char error[4 * FAKE_TEXT_MAX]; /* the text of the last cycle or call */
};

/* That node, and storage for what it does not own. */
struct identity world_identity(void);
int world_setup(void **state);
int world_teardown(void **state);

/* The process dies at once and a new one starts, with `config`. */
void world_restart(struct world *world);

/*
 * A usable entry: endpoint "" is none, allowed IPs are joined with commas. The entry may be changed
 * further until the next one is added.
 */
struct peer_entry *document_add(struct state_document *document, const char *id, unsigned char key,
	const char *endpoint, const char *allowed_ips);
/* An unusable entry: id NULL is none, key 0 is none. */
struct peer_entry *document_add_unusable(
	struct state_document *document, const char *id, unsigned char key, const char *error);
/* A peer outside of any document, its allowed IPs in `arena`. */
struct peer_config peer_of(
	struct arena *arena, unsigned char key, const char *endpoint, const char *allowed_ips);
/* Another program puts this peer on the device. */
void world_set_peer(
	struct world *world, unsigned char key, const char *endpoint, const char *allowed_ips);
void world_handshake(struct world *world, unsigned char key, const char *endpoint);
void world_sent(struct world *world, unsigned char key, uint64_t bytes);

/* One cycle; the document is taken over. Returns as reconciler_finish, the text in `error`. */
int world_cycle(struct world *world, struct state_document *document);
int world_cycle_not_modified(struct world *world);
int world_cycle_fetch_failed(struct world *world, const char *error);
/* The halves of a cycle, for events during a fetch. */
int world_cycle_begin(struct world *world);
int world_cycle_finish(struct world *world, const struct fetch_answer *answer);

/* Its payloads are a struct peer_entry, an id and a struct signing_keys, in memory. */
struct event_dispatcher world_dispatcher(struct world *world);
/* The time of both clocks. */
struct moment world_now(struct world *world);
/* Handlers, as events call them. Each returns the handler's result, the text in `error`. */
int world_peer_event(struct world *world, const char *type, const char *id, unsigned char key,
	const char *endpoint, const char *allowed_ips);
int world_peer_removed_event(struct world *world, const char *id);

/* The calls since the last check are exactly these. */
void assert_calls(struct world *world, const char *calls);
/* The peers on the device are exactly these. */
void assert_peers(struct world *world, const char *peers);
/* The index is exactly this: "peer-2=02 peer-3=03". */
void assert_index(struct world *world, const char *names);
void assert_logged(struct world *world, const char *part);
void assert_not_logged(struct world *world, const char *part);
void world_forget_logs(struct world *world);
/* The last drift report since the last check; NULL: none. */
void assert_drift(struct world *world, const char *corrections);
