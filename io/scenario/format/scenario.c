/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario.h"

#include <stdlib.h>
#include <string.h>

const char *step_kind_name(enum step_kind kind)
{
	static const char *const names[] = {
#define X(upper, text) [STEP_##upper] = text,
		STEP_KINDS(X)
#undef X
	};
	return names[kind];
}

int correction_compare(const void *a, const void *b)
{
	const struct correction *left = a;
	const struct correction *right = b;
	if (left->type != right->type)
		return left->type < right->type ? -1 : 1;
	return strcmp(left->detail, right->detail);
}

void scenario_clear(struct scenario *scenario)
{
	if (scenario->text)
		explicit_bzero(scenario->text, scenario->text_length);
	free(scenario->text);
	identity_clear(&scenario->identity);
	arena_clear(&scenario->arena);
	*scenario = (struct scenario){0};
}
