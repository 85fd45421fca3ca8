/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decide when a problem that comes and goes is logged. Pure: no clock, no log.
 *
 * The beginning of a problem, its end and each change of its text are logged at once, until that
 * has happened several times within an hour. From then on its end is logged only after a pause
 * without the problem, and a change only after a pause since the last line. The pause is a minute
 * and doubles each time up to an hour. An hour without the problem resets it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum hysteresis_line {
	HYSTERESIS_NONE,
	HYSTERESIS_PROBLEM,
	HYSTERESIS_RESOLVED,
};

struct hysteresis {
	bool is_met;      /* there is a problem */
	bool is_other;    /* its text differs from the one logged */
	bool is_logged;   /* the last line reported a problem, not its end */
	int64_t since_ms; /* when is_met last changed */
	int64_t logged_ms;
	unsigned problems; /* beginnings logged since the last hour without the problem */
	unsigned changes;  /* changes of the text logged since then */
};

/* Note whether there is a problem, and whether its text differs from the one logged last. */
void hysteresis_note(struct hysteresis *hysteresis, int64_t now_ms, bool is_problem, bool is_other);
/* Return the line that is due now, and count it as logged. */
enum hysteresis_line hysteresis_take(struct hysteresis *hysteresis, int64_t now_ms);
/* Return when the next line is due if nothing else is noted; INT64_MAX: never. */
int64_t hysteresis_due_ms(const struct hysteresis *hysteresis);
