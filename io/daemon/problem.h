/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A problem of one subsystem, which is logged when it begins, changes and ends, rather than each
 * time it is met: "the control plane does not answer", once, and that it does again. One that comes
 * and goes is logged less and less (hysteresis.h).
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
	char *error;  /* as it was met last; NULL: there is none */
	char *logged; /* as it was logged last */
	struct hysteresis hysteresis;
	struct loop_timer timer; /* for a line that is not due yet */
};

/* The subsystem has the problem `error`: log a line unless the last one said the same. */
void problem_raise(struct problem *problem, const struct logger *logger, const char *error);
/* The subsystem has none: log a line if it had one. */
void problem_resolve(struct problem *problem, const struct logger *logger);
/* Whether there is one, whatever was logged. */
bool problem_is_raised(const struct problem *problem);
void problem_clear(struct problem *problem);
