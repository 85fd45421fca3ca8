/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A valid scenario: a world to start from, steps to take, and what must hold after them. Texts,
 * keys and arrays live in the arena of the scenario or in its text; state documents and payloads
 * keep their text.
 */
#pragma once

#include "arena.h"
#include "identity.h"
#include "interface_config.h"
#include "interface_fsm.h"
#include "json_span.h"
#include "reconcile.h"
#include "signing_keys.h"
#include "sim_controller.h"

struct text_array {
	const char **texts;
	size_t count;
};

/* A peer of the world, or the members expected of one. */
enum peer_spec_member {
	PEER_SPEC_ENDPOINT = 1 << 0,
	PEER_SPEC_ALLOWED_IPS = 1 << 1,
	PEER_SPEC_PSK = 1 << 2,
	PEER_SPEC_KEEPALIVE = 1 << 3,
	PEER_SPEC_LAST_HANDSHAKE = 1 << 4,
	PEER_SPEC_TX_BYTES = 1 << 5,
};

struct peer_spec {
	unsigned given;          /* PEER_SPEC_*; the key is always given */
	struct peer_config peer; /* members not given are zero */
};

/* An interface of the world, or the members expected of it. */
enum device_spec_member {
	DEVICE_SPEC_NAME = 1 << 0,
	DEVICE_SPEC_PRIVATE_KEY = 1 << 1,
	DEVICE_SPEC_LISTEN_PORT = 1 << 2,
	DEVICE_SPEC_MTU = 1 << 3,
	DEVICE_SPEC_UP = 1 << 4,
	DEVICE_SPEC_ADDRESSES = 1 << 5,
	DEVICE_SPEC_PEERS = 1 << 6,
};

struct device_spec {
	unsigned given; /* DEVICE_SPEC_* */
	const char *name;
	struct key_secret private_key; /* clamped; zero: none */
	uint16_t listen_port;
	int mtu;
	bool up;
	struct prefix *addresses;
	size_t address_count;
	struct peer_spec *peers;
	size_t peer_count;
};

/* X(UPPER, text in the file) */
#define STEP_KINDS(X)                                                                              \
	X(SETUP, "setup")                                                                          \
	X(TEARDOWN, "teardown")                                                                    \
	X(ADD_PEER, "add_peer")                                                                    \
	X(UPDATE_PEER, "update_peer")                                                              \
	X(REMOVE_PEER, "remove_peer")                                                              \
	X(REMOVE_PEER_BY_ID, "remove_peer_by_id")                                                  \
	X(CONFIGURE_PEERS, "configure_peers")                                                      \
	X(RECONCILE, "reconcile")                                                                  \
	X(REPAIR, "repair")                                                                        \
	X(EVENT, "event")                                                                          \
	X(DELIVER, "deliver")                                                                      \
	X(STREAM, "stream")                                                                        \
	X(RESTART, "restart")                                                                      \
	X(ADVANCE, "advance")                                                                      \
	X(WORLD, "world")                                                                          \
	X(FAIL, "fail")                                                                            \
	X(EXPECT, "expect")

#define X(upper, text) STEP_##upper,
enum step_kind { STEP_KINDS(X) STEP_KIND_COUNT };
#undef X

enum world_change {
	WORLD_REMOVE_PEER,
	WORLD_SET_PEER,
	WORLD_DELETE_INTERFACE,
	WORLD_SET_INTERFACE,
	WORLD_HANDSHAKE,
	WORLD_SENT,
	WORLD_SET_CLOCK,
	WORLD_SET_ROUTE,
	WORLD_REMOVE_ROUTE,
	WORLD_FLUSH_ROUTES,
};

struct world_step {
	enum world_change change;
	struct key_public public_key;  /* remove_peer, handshake, sent */
	struct peer_spec *peer;        /* set_peer */
	struct device_spec *interface; /* set_interface */
	bool has_endpoint;             /* handshake */
	struct endpoint endpoint;
	uint64_t bytes;         /* sent */
	int64_t wall_ns;        /* set_clock */
	struct sim_route route; /* set_route, remove_route */
};

enum expectation_member {
	EXPECT_OPS = 1 << 0,
	EXPECT_DEVICE = 1 << 1,
	EXPECT_INTERFACE = 1 << 2,
	EXPECT_INDEX = 1 << 3,
	EXPECT_DRIFT = 1 << 4,
	EXPECT_LOGS = 1 << 5,
	EXPECT_LOG_COUNT = 1 << 6,
	EXPECT_NO_LOGS = 1 << 7,
	EXPECT_ROUTES = 1 << 8,
};

struct expected_count {
	const char *text;
	uint64_t count;
};

struct expectation {
	unsigned given; /* EXPECT_* */
	bool any_ops;
	struct text_array ops;
	struct device_spec *device; /* NULL: no interface */
	enum interface_state interface;
	struct peer_name *index; /* sorted by id; the ids are borrowed */
	size_t index_count;
	bool has_drift;           /* false: the cycle must not make a report */
	struct correction *drift; /* sorted */
	size_t drift_count;
	struct text_array logs;
	struct expected_count *log_counts;
	size_t log_count_count;
	struct text_array no_logs;
	struct sim_route *routes;
	size_t route_count;
};

struct scenario_step {
	enum step_kind kind;
	char number[24]; /* "4", or "4.1" during a fetch */
	bool checks_return;
	const char *expected_error; /* NULL: ok */
	union {
		struct json_span peer; /* add_peer, update_peer */
		struct key_public public_key;
		const char *peer_id;
		struct {
			struct json_span peers;
			bool cancels;
			uint64_t cancel_after;
		} configure;
		struct {
			struct json_span state;  /* no text: not given */
			const char *fetch_error; /* NULL: none */
			struct scenario_step *during_fetch;
			size_t during_fetch_count;
		} reconcile;
		struct {
			const char *type;
			struct json_span payload;
		} event;
		struct json_span data; /* deliver */
		struct {
			struct json_span *chunks;
			size_t count;
		} stream;
		int64_t advance_ns;
		struct world_step world;
		struct sim_fault fault;
		struct expectation *expectation;
	};
};

struct scenario {
	const char *title;
	int64_t start_ns;
	struct interface_config config;
	bool has_routes; /* the simulated host has a routing table, and plexwg manages its routes */
	struct identity identity;
	struct signing_keys signing_keys;
	struct device_spec *device; /* NULL: none */
	struct scenario_step *steps;
	size_t step_count;
	char *text; /* the file, substituted; spans point into it; owned */
	size_t text_length;
	struct arena arena;
};

const char *step_kind_name(enum step_kind kind);
/* A comparison for qsort: by type, then by detail. */
int correction_compare(const void *a, const void *b);

/* Wipe and free everything; the zero state remains. */
void scenario_clear(struct scenario *scenario);
