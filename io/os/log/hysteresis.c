/* SPDX-License-Identifier: Apache-2.0 */
#include "hysteresis.h"

#define FREE_LINES    5
#define MINUTE_MS     INT64_C(60000)
#define HOUR_MS       (60 * MINUTE_MS)
#define DOUBLINGS_MAX 6 /* 64 minutes: over an hour */

static int64_t pause_ms(unsigned line_count)
{
	if (line_count <= FREE_LINES)
		return 0;
	unsigned doublings = line_count - FREE_LINES - 1;
	return doublings < DOUBLINGS_MAX ? MINUTE_MS << doublings : HOUR_MS;
}

void hysteresis_note(struct hysteresis *hysteresis, int64_t now_ms, bool is_problem, bool is_other)
{
	if (hysteresis->is_met != is_problem)
		hysteresis->since_ms = now_ms;
	hysteresis->is_met = is_problem;
	hysteresis->is_other = is_other;
}

int64_t hysteresis_due_ms(const struct hysteresis *hysteresis)
{
	if (hysteresis->is_met && !hysteresis->is_logged)
		return hysteresis->since_ms;
	if (hysteresis->is_met && hysteresis->is_other)
		return hysteresis->logged_ms + pause_ms(hysteresis->changes);
	if (!hysteresis->is_met && hysteresis->is_logged)
		return hysteresis->since_ms + pause_ms(hysteresis->problems);
	return INT64_MAX;
}

/* Count a line that reports the beginning of a problem or a change of its text. */
static void problem_count(struct hysteresis *hysteresis, int64_t now_ms)
{
	if (hysteresis->is_logged) {
		hysteresis->changes++;
		return;
	}
	if (now_ms - hysteresis->logged_ms >= HOUR_MS)
		hysteresis->problems = hysteresis->changes = 0;
	hysteresis->problems++;
}

enum hysteresis_line hysteresis_take(struct hysteresis *hysteresis, int64_t now_ms)
{
	if (now_ms < hysteresis_due_ms(hysteresis))
		return HYSTERESIS_NONE;
	if (hysteresis->is_met)
		problem_count(hysteresis, now_ms);
	hysteresis->is_logged = hysteresis->is_met;
	hysteresis->is_other = false;
	hysteresis->logged_ms = now_ms;
	return hysteresis->is_met ? HYSTERESIS_PROBLEM : HYSTERESIS_RESOLVED;
}
