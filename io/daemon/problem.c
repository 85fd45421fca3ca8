/* SPDX-License-Identifier: Apache-2.0 */
#include "problem.h"

#include <stdlib.h>
#include <string.h>

static void trouble_log(struct problem *condition)
{
	log_line(&condition->logger, LOG_LEVEL_WARN, "Trouble", "with", condition->name, "error",
		condition->trouble ? condition->trouble : "out of memory", NULL);
	free(condition->logged);
	condition->logged = condition->trouble ? strdup(condition->trouble) : NULL;
}

static void condition_log(void *impl)
{
	struct problem *condition = impl;
	int64_t now_ms = loop_now_ms();
	switch (hysteresis_take(&condition->hysteresis, now_ms)) {
	case HYSTERESIS_NONE:
		break;
	case HYSTERESIS_PROBLEM:
		trouble_log(condition);
		break;
	case HYSTERESIS_RESOLVED:
		log_line(&condition->logger, LOG_LEVEL_INFO, "All is well again", "with",
			condition->name, NULL);
		break;
	}
	int64_t due_ms = hysteresis_due_ms(&condition->hysteresis);
	if (due_ms == INT64_MAX)
		loop_timer_cancel(condition->loop, &condition->timer);
	else
		loop_timer_set(condition->loop, &condition->timer, due_ms - now_ms, condition_log,
			condition);
}

static bool is_text(const char *text, const char *other)
{
	return text && strcmp(text, other) == 0;
}

void problem_raise(struct problem *condition, const struct logger *logger, const char *trouble)
{
	condition->logger = *logger;
	if (!is_text(condition->trouble, trouble)) {
		free(condition->trouble);
		condition->trouble = strdup(trouble);
	}
	hysteresis_note(
		&condition->hysteresis, loop_now_ms(), true, !is_text(condition->logged, trouble));
	condition_log(condition);
}

void problem_resolve(struct problem *condition, const struct logger *logger)
{
	condition->logger = *logger;
	hysteresis_note(&condition->hysteresis, loop_now_ms(), false, false);
	condition_log(condition);
}

bool problem_is_raised(const struct problem *condition)
{
	return condition->hysteresis.is_met;
}

void problem_clear(struct problem *condition)
{
	loop_timer_cancel(condition->loop, &condition->timer);
	free(condition->trouble);
	free(condition->logged);
	condition->trouble = condition->logged = NULL;
}
