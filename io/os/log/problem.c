/* SPDX-License-Identifier: Apache-2.0 */
#include "problem.h"

#include <stdlib.h>
#include <string.h>

static void raised_log(struct problem *problem)
{
	log_line(&problem->logger, LOG_PROBLEM, "subsystem", problem->name, "error",
		problem->error ? problem->error : "out of memory", NULL);
	free(problem->logged);
	problem->logged = problem->error ? strdup(problem->error) : NULL;
}

static void problem_log(void *impl)
{
	struct problem *problem = impl;
	int64_t now_ms = loop_now_ms();
	switch (hysteresis_take(&problem->hysteresis, now_ms)) {
	case HYSTERESIS_NONE:
		break;
	case HYSTERESIS_PROBLEM:
		raised_log(problem);
		break;
	case HYSTERESIS_RESOLVED:
		log_line(&problem->logger, LOG_PROBLEM_RESOLVED, "subsystem", problem->name, NULL);
		break;
	}
	int64_t due_ms = hysteresis_due_ms(&problem->hysteresis);
	if (due_ms == INT64_MAX)
		loop_timer_cancel(problem->loop, &problem->timer);
	else
		loop_timer_set(
			problem->loop, &problem->timer, due_ms - now_ms, problem_log, problem);
}

static bool is_text(const char *text, const char *other)
{
	return text && strcmp(text, other) == 0;
}

void problem_raise(struct problem *problem, const struct logger *logger, const char *error)
{
	problem->logger = *logger;
	if (!is_text(problem->error, error)) {
		free(problem->error);
		problem->error = strdup(error);
	}
	hysteresis_note(
		&problem->hysteresis, loop_now_ms(), true, !is_text(problem->logged, error));
	problem_log(problem);
}

void problem_resolve(struct problem *problem, const struct logger *logger)
{
	problem->logger = *logger;
	hysteresis_note(&problem->hysteresis, loop_now_ms(), false, false);
	problem_log(problem);
}

bool problem_is_raised(const struct problem *problem)
{
	return problem->hysteresis.is_met;
}

void problem_clear(struct problem *problem)
{
	loop_timer_cancel(problem->loop, &problem->timer);
	free(problem->error);
	free(problem->logged);
	problem->error = problem->logged = NULL;
}
