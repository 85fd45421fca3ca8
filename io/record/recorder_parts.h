/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the recorder have between them.
 */
#pragma once

#include "recorder.h"

/* The recording cannot go on. */
void recorder_end(struct recorder *recorder, const char *reason);
/* The same for an error as of struct scenario_writer; 0 is none. */
void recorder_check(struct recorder *recorder, int error);
/* End a call of the engine: record an interface that was created. */
void recorder_settle(struct recorder *recorder);

/*
 * Tells, as members of a `reconcile` step, what the engine made of an answer: a cycle has just
 * ended. `was_provisional`: before it the state was one of an earlier life.
 */
void recorder_tell_answer(struct recorder *recorder, const struct reconciler *reconciler,
	enum fetch_outcome outcome, bool was_provisional, struct scenario_writer *call);

void recorder_unit_begin(struct recorder *recorder);
void recorder_unit_clear(struct recorder_unit *unit);
/* Record `call`, one step or more joined by commas, at that time, and its operations. */
void recorder_unit_write(
	struct recorder *recorder, int64_t at_ns, const struct scenario_writer *call);
