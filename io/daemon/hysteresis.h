/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a problem that comes and goes is worth a line of the log. Pure: no clock, no log.
 *
 * A problem is logged when it is met, and its end and another text of it at once as well, unless
 * that has happened several times within the hour. From then on the end is logged only after some
 * time without the problem, and another text only some time after the last line: a minute, doubling
 * each time up to an hour. A whole hour without the problem starts it all anew.
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
	bool is_other;    /* with another text than was logged */
	bool is_logged;   /* there is a problem as far as the log says */
	int64_t since_ms; /* when it was met, or gone */
	int64_t logged_ms;
	unsigned problems; /* lines that began one, since the last hour without */
	unsigned changes;  /* lines with another text, the same */
};

/* A problem was met, with another text than was logged last or not, or there is none. */
void hysteresis_note(struct hysteresis *hysteresis, int64_t now_ms, bool is_problem, bool is_other);
/* The line that is due now, which counts as logged. */
enum hysteresis_line hysteresis_take(struct hysteresis *hysteresis, int64_t now_ms);
/* When there will be a line if nothing else is noted; INT64_MAX: never. */
int64_t hysteresis_due_ms(const struct hysteresis *hysteresis);
