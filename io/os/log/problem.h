/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The problem of a subsystem, which is logged when it begins, changes and ends, not each time it is
 * met: that the control plane does not answer, say, once, and that it does again. A problem that
 * comes and goes is logged less and less often (hysteresis.h).
 */
#pragma once

#include "hysteresis.h"
#include "logger.h"
#include "loop.h"

struct problem {
	const char *name;  /* the subsystem, as the log names it: "clock", "state file" */
	struct loop *loop; /* borrowed */
	/* The rest is private. */
	struct logger logger;
	char *error;  /* as met last; NULL: none yet, or out of memory */
	char *logged; /* as logged last */
	struct hysteresis hysteresis;
	struct loop_timer timer; /* for a line that is due later */
};

/* The subsystem has the problem `error`: log it unless the last line already did. */
void problem_raise(struct problem *problem, const struct logger *logger, const char *error);
/* The subsystem works: log that its problem is resolved, if it had one. */
void problem_resolve(struct problem *problem, const struct logger *logger);
/* Whether there is a problem now, whatever was logged. */
bool problem_is_raised(const struct problem *problem);
void problem_clear(struct problem *problem);
