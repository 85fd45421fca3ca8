/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario_place.h"

#include "diag.h"
#include "json_object.h"
#include "json_path.h"

#include <string.h>

/* The depth of a scenario's own members; deeper parts are left out. */
#define PARTS_MAX 12

/* Indexes of the parts of a place that lead to a step, and to one during its fetch. */
enum {
	PART_STEPS,
	PART_STEP,
	PART_DURING_FETCH,
	PART_STEP_DURING_FETCH,
};

static bool part_is(const struct json_path_part *part, const char *name)
{
	return part->is_member && part->name.text && json_span_equals(part->name, name);
}

static int part_wrap(const struct json_path_part *part, int error, struct diag *diag)
{
	if (!part->is_member)
		return diag_wrap(diag, error, "[%zu]", part->index);
	if (!part->name.text)
		return error;
	struct quoted quoted = json_span_quote(part->name);
	size_t length = strlen(quoted.text);
	char *name = quoted.text;
	if (length == part->name.length) {
		/* Nothing in it was escaped: it needs no quotes. */
		name[length - 1] = '\0';
		name++;
	}
	return json_wrap_place(diag, error, name);
}

int scenario_place_wrap(const char *text, size_t offset, int error, struct diag *diag)
{
	struct json_path_part parts[JSON_DEPTH_MAX];
	size_t count = json_path_find(text, offset, parts);
	size_t step = count > PART_STEP ? parts[PART_STEP].index + 1 : 0;
	bool in_step = step && part_is(&parts[PART_STEPS], "steps");
	bool in_fetch = in_step && count > PART_STEP_DURING_FETCH &&
			part_is(&parts[PART_DURING_FETCH], "during_fetch");
	for (size_t i = count < PARTS_MAX ? count : PARTS_MAX; i-- > 0;) {
		if (in_fetch && i == PART_STEP_DURING_FETCH)
			diag_wrap(diag, error, "step %zu.%zu", step, parts[i].index + 1);
		else if (in_step && i == PART_STEP)
			return diag_wrap(diag, error, "step %zu", step);
		else
			part_wrap(&parts[i], error, diag);
	}
	return error;
}
