/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A state of affairs that is logged when it changes, rather than each time it is met: "the control
 * plane does not answer", once, and that it does again. One that comes and goes is logged less and
 * less (hysteresis.h).
 */
#pragma once

#include "hysteresis.h"
#include "logger.h"
#include "loop.h"

struct problem {
	const char *name;  /* what is said of it in the log: "clock", "state file" */
	struct loop *loop; /* borrowed */
	/* The rest is its own. */
	struct logger logger;
	char *trouble; /* as it was met last; NULL: all is well */
	char *logged;  /* as it was logged last */
	struct hysteresis hysteresis;
	struct loop_timer timer; /* for a line that is not due yet */
};

/* There is trouble: a line, if it is not what was said last. */
void problem_raise(struct problem *condition, const struct logger *logger, const char *trouble);
/* All is well: a line, if it was not. */
void problem_resolve(struct problem *condition, const struct logger *logger);
/* Whether there is trouble, whatever was logged. */
bool problem_is_raised(const struct problem *condition);
void problem_clear(struct problem *condition);
