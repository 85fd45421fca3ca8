/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `run --record`: writes what the daemon sees as a scenario. A replay of it makes the same
 * operations, and checks that it does.
 *
 * The recorder is on both sides of the engine. It calls the engine in the daemon's place
 * (recorder_begin and so on), so that it sees each call and its result. It is also a controller in
 * front of the real one, so that it sees each operation and each read of the device. It writes one
 * unit at a time, an engine call with everything that belongs to it:
 *
 *     advance    the time since the last unit
 *     fail       operations that failed
 *     reconcile, deliver or teardown: the call. The fetch of a reconcile has the events that came
 *                then, and `world` steps: how the device differed from the shadow device
 *                (shadow_device.h)
 *     expect     the operations, in the order of the engine's lists
 *
 * Everything in a cycle happens at its end: the recording moves the times of events during its
 * fetch by as much. It writes the state as it is in force, with resolved names, and again only if
 * it has changed.
 *
 * What a scenario cannot express:
 * - that no peer is removed, because a cached state is in force at boot or the guard withholds
 *   removals: the recording has such peers as unusable entries, which retain them;
 * - the index and the events of an earlier process: steps before the first cycle make the replay's
 *   process know them too, on a device that later steps correct;
 * - routes, marks (see shadow_device.h), logs: left out;
 * - a clock that goes back, another mesh address after a reload, a device that changes between
 *   two reads of one cycle: the recording ends there, and the daemon logs it.
 */
#pragma once

#include "controller.h"
#include "observer.h"
#include "record_file.h"
#include "scenario_write_event.h"
#include "scenario_write_state.h"
#include "shadow_device.h"

/* The current call of the engine. It decides where operations are recorded. */
enum recorder_phase {
	RECORDER_IDLE,      /* no call, or the engine handles an event */
	RECORDER_BEGINNING, /* within recorder_begin */
	RECORDER_FETCHING,  /* the engine waits for an answer, or handles an event meanwhile */
	RECORDER_FINISHING, /* within recorder_finish */
};

/* The current unit. Lists of steps have a comma after each. */
struct recorder_unit {
	struct scenario_writer before; /* `fail` steps before the call */
	struct scenario_writer faults; /* `fail` steps of the current call */
	struct scenario_writer world;  /* `world` steps of the fetch */
	struct scenario_writer after;  /* `world` steps after the call */
	struct scenario_writer ops;    /* operations */
	struct recorded_event *events;
	size_t event_count;
	struct key_public *withheld; /* peers whose removal was withheld */
	size_t withheld_count;
	bool has_set_up; /* the end of the cycle worked on the interface */
	bool has_made;   /* and created it */
};

/* The state that the recording has put in force in the process of the replay. */
struct recorder_written {
	bool has_document;
	bool has_events; /* applied to the document */
	uint8_t document_hash[32];
	uint8_t withheld_hash[32];
};

/*
 * An interface that was just created. Setting its mark may still fail; the recording then has one
 * failure, of the creation.
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
	struct anonymizer anonymizer;
	struct interface_config config;
	struct ip mesh_ip;
	struct shadow_device shadow;
	int64_t recorded_ns; /* the time in the recording */
	enum recorder_phase phase;
	struct recorder_unit unit;
	struct recorder_written written;
	struct recorded_nonces nonces;
	struct recorder_created created;
};

/* Put the recorder in front of `inner`. It records nothing until recorder_start. */
void recorder_init(struct recorder *recorder, struct controller inner, struct clock clock,
	struct logger logger);
/* Wipe and free. The recorder may be all zero. */
void recorder_deinit(struct recorder *recorder);
/* The controller and an observer for the manager. */
struct controller recorder_controller(struct recorder *recorder);
struct observer recorder_observer(struct recorder *recorder);

/*
 * Begin the recording in the file `path`, which is borrowed. The engine has not been called yet;
 * the state of an earlier process may be in force. Returns 0 or a negative errno with the reason.
 */
int recorder_start(struct recorder *recorder, const char *path, struct reconciler *reconciler,
	struct diag *diag);

/*
 * Call the engine, and record the call if the recorder is on; `recorder` may be NULL. Each returns
 * what the engine returns. A recording that cannot continue ends, without an effect on the engine.
 */
int recorder_begin(struct recorder *recorder, struct reconciler *reconciler, struct diag *diag);
int recorder_finish(struct recorder *recorder, struct reconciler *reconciler,
	const struct fetch_answer *answer, struct diag *diag);
int recorder_deliver(struct recorder *recorder, struct event_dispatcher *dispatcher,
	const struct envelope *envelope, struct moment now, enum verdict *ret_verdict,
	struct diag *diag);
/* Record that the stream delivered something other than an envelope. */
void recorder_note_malformed(struct recorder *recorder);
int recorder_teardown(struct recorder *recorder, struct manager *manager, struct diag *diag);
