#include "condition.h"

#include <stdlib.h>
#include <string.h>

void condition_trouble(
	struct condition *condition, const struct logger *logger, const char *trouble)
{
	if (condition->trouble && strcmp(condition->trouble, trouble) == 0)
		return;
	log_line(
		logger, LOG_LEVEL_WARN, "Trouble", "with", condition->name, "error", trouble, NULL);
	free(condition->trouble);
	condition->trouble = strdup(trouble);
}

void condition_well(struct condition *condition, const struct logger *logger)
{
	if (!condition->trouble)
		return;
	log_line(logger, LOG_LEVEL_INFO, "All is well again", "with", condition->name, NULL);
	condition_clear(condition);
}

void condition_clear(struct condition *condition)
{
	free(condition->trouble);
	condition->trouble = NULL;
}
