/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the recorder share.
 */
#pragma once

#include "recorder.h"

/* End the recording, and log the reason. */
void recorder_end(struct recorder *recorder, const char *reason);
/* End it on an error of struct scenario_writer; no effect on 0. */
void recorder_check(struct recorder *recorder, int error);
/* End a call of the engine: record an interface that was created. */
void recorder_settle(struct recorder *recorder);

/*
 * Write, as members of a `reconcile` step, what the engine made of an answer. The cycle has just
 * ended. `was_provisional`: before it, the state of an earlier process was in force.
 */
void recorder_write_answer(struct recorder *recorder, const struct reconciler *reconciler,
	enum fetch_outcome outcome, bool was_provisional, struct scenario_writer *call);

void recorder_unit_begin(struct recorder *recorder);
void recorder_unit_clear(struct recorder_unit *unit);
/* Record `call`, one step or more joined by commas, at that time, and its operations. */
void recorder_unit_write(
	struct recorder *recorder, int64_t at_ns, const struct scenario_writer *call);
