/*
 * A state of affairs that is said when it changes, rather than each time it is met: "the control
 * plane does not answer", once, and that it does again.
 */
#pragma once

#include "logger.h"

struct condition {
	const char *name; /* what is said of it in the log: "clock", "state file" */
	char *trouble;    /* what was said last; NULL: all is well */
};

/* There is trouble: a line, if it is not what was said last. */
void condition_trouble(
	struct condition *condition, const struct logger *logger, const char *trouble);
/* All is well: a line, if it was not. */
void condition_well(struct condition *condition, const struct logger *logger);
void condition_clear(struct condition *condition);
