/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `run --record`: what the daemon saw, written as a scenario. A replay of it makes the same
 * operations, and checks that it does.
 *
 * The recorder is on both sides of the engine. It calls the engine in the daemon's place
 * (recorder_begin and so on), and sees each call and its result; and it is a controller in front of
 * the real one, and sees each operation and each read of the device. It writes one unit at a time,
 * an engine call with everything that belongs to it:
 *
 *     advance    the time since the last unit
 *     fail       operations that the world made fail
 *     reconcile, deliver or teardown: the call. The fetch of a reconcile has the events that came
 *                then, and `world` steps: what a read of the device showed and the shadow device
 *                (shadow_device.h) does not have
 *     expect     the operations, in the order of the engine's lists
 *
 * Everything in a cycle happens at its end: the times of events during its fetch are moved by as
 * much. The state is recorded as it is in force, names resolved, and again only if it has changed.
 *
 * What a scenario cannot express:
 * - a cached state, in force at boot, removes no peer, and a removal guard withholds removals: such
 *   peers are recorded as unusable entries, which retain them;
 * - the index and the events of an earlier process: steps before the first cycle make the replay's
 *   process know them too, on a device that is then corrected;
 * - routes, marks (see shadow_device.h), logs: left out;
 * - a clock that goes back, another mesh address after a reload, a device that changes between
 *   two reads of one cycle: the recording ends there, and the daemon logs it.
 */
#pragma once

#include "controller.h"
#include "events.h"
#include "reconcile.h"
#include "record_file.h"
#include "scenario_write_event.h"
#include "scenario_write_state.h"
#include "shadow_device.h"

/* The current call of the engine, as far as it decides where operations are recorded. */
enum recorder_phase {
	RECORDER_IDLE,      /* or handling an event */
	RECORDER_BEGINNING, /* within recorder_begin */
	RECORDER_FETCHING,  /* the engine waits for an answer, or handles an event meanwhile */
	RECORDER_FINISHING, /* within recorder_finish */
};

/* The unit in the making. Lists of steps have a comma after each. */
struct recorder_unit {
	struct scenario_writer before; /* `fail` steps before the call */
	struct scenario_writer faults; /* `fail` steps of what runs now */
	struct scenario_writer world;  /* `world` steps of the fetch */
	struct scenario_writer after;  /* `world` steps after the call */
	struct scenario_writer ops;    /* operations */
	struct recorded_event *events;
	size_t event_count;
	struct key_public *held; /* peers whose removal was withheld */
	size_t held_count;
	bool has_set_up; /* the end of the cycle worked on the interface */
	bool has_made;   /* and made it */
};

/* The state in force in the process of the replay. */
struct recorder_told {
	bool has_document;
	bool has_events; /* laid over it */
	uint8_t document_hash[32];
	uint8_t held_hash[32];
};

/*
 * An interface was created, and setting its mark may still fail, which is recorded as one failure.
 */
struct recorder_created {
	bool is_pending;
	uint16_t listen_port;
};

struct recorder {
	struct controller inner;
	struct controller_ops ops;
	struct clock clock;
	struct logger logger;
	bool is_on;
	struct record_file file;
	struct pseudonyms names;
	struct interface_config config;
	struct ip mesh_ip;
	struct shadow_device mirror;
	int64_t recorded_ns; /* the time in the recording */
	enum recorder_phase phase;
	struct recorder_unit unit;
	struct recorder_told told;
	struct recorded_nonces nonces;
	struct recorder_created created;
};

/* Stands before `inner`; records nothing until recorder_start. */
void recorder_init(struct recorder *recorder, struct controller inner, struct clock clock,
	struct logger logger);
/* Wipes and frees. The zero state is fine. */
void recorder_deinit(struct recorder *recorder);
/* For the manager. */
struct controller recorder_controller(struct recorder *recorder);

/*
 * Begins the recording in the file `path`, which is borrowed. The engine is as it is before its
 * first call, an earlier life's state in force or not. Returns 0 or a negative errno with the
 * reason.
 */
int recorder_start(struct recorder *recorder, const char *path, struct reconciler *reconciler,
	struct diag *diag);

/*
 * The engine's entries, recorded if the recorder is on; NULL: there is none. Each returns what the
 * engine returns. A recording that cannot go on ends, and nothing else does.
 */
int recorder_begin(struct recorder *recorder, struct reconciler *reconciler, struct diag *diag);
int recorder_finish(struct recorder *recorder, struct reconciler *reconciler,
	const struct fetch_answer *answer, struct diag *diag);
int recorder_deliver(struct recorder *recorder, struct event_dispatcher *dispatcher,
	const struct envelope *envelope, struct moment now, enum verdict *ret_verdict,
	struct diag *diag);
/* The stream brought something that is no envelope. */
void recorder_note_malformed(struct recorder *recorder);
int recorder_teardown(struct recorder *recorder, struct manager *manager, struct diag *diag);
