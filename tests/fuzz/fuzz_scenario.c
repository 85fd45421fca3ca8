/* SPDX-License-Identifier: Apache-2.0 */
/* Scenario files: a valid one can be run, twice with the same output, which contains no key. */
#include "diag.h"
#include "fuzz.h"
#include "scenario_read.h"
#include "scenario_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Otherwise the fuzzer finds out that much work takes long. */
#define STEPS_MAX 200

struct run_text {
	char *text;
	size_t length;
};

static struct run_text run(const struct scenario *scenario)
{
	struct run_text text = {0};
	struct diag diag = {0};
	FILE *out = open_memstream(&text.text, &text.length);
	enum run_outcome outcome = scenario_run(scenario, out, &diag);
	FUZZ_HOLDS(outcome != RUN_OUT_OF_MEMORY);
	FUZZ_HOLDS(outcome == RUN_HOLDS || *diag_text(&diag));
	fprintf(out, "%d %s\n", outcome, diag_text(&diag));
	fclose(out);
	diag_clear(&diag);
	return text;
}

static void run_twice(const struct scenario *scenario, bool has_secret)
{
	struct run_text one = run(scenario), other = run(scenario);
	FUZZ_HOLDS(one.length == other.length && strcmp(one.text, other.text) == 0);
	FUZZ_HOLDS(!has_secret || !fuzz_says_secret(one.text));
	free(one.text);
	free(other.text);
}

void fuzz_one(const char *text, size_t length)
{
	struct diag diag = {0};
	struct scenario scenario = {.title = text};
	bool has_secret = fuzz_has_secret(text, length, "\"psk\":\"") ||
			  fuzz_has_secret(text, length, "\"private_key\":\"");
	int error = scenario_read(text, length, &scenario, &diag);
	if (error) {
		FUZZ_HOLDS(error == -EINVAL && scenario.title == text);
		FUZZ_HOLDS(*diag_text(&diag));
		FUZZ_HOLDS(!has_secret || !fuzz_says_secret(diag_text(&diag)));
	} else {
		if (scenario.step_count <= STEPS_MAX)
			run_twice(&scenario, has_secret);
		scenario_clear(&scenario);
	}
	diag_clear(&diag);
}
