/* SPDX-License-Identifier: Apache-2.0 */
/* Scenario files in a directory of their own for each test, and the output of their replay. */
#pragma once

#include "replay.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct place {
	char directory[64];
	char *out;
	char *err;
	size_t out_length;
	size_t err_length;
};

static inline int place_setup(void **state)
{
	struct place *place = calloc(1, sizeof *place);
	assert_non_null(place);
	snprintf(place->directory, sizeof place->directory, "%s/scenario-XXXXXX",
		getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(place->directory));
	*state = place;
	return 0;
}

static inline void forget_output(struct place *place)
{
	free(place->out);
	free(place->err);
	place->out = place->err = NULL;
}

static inline int place_teardown(void **state)
{
	struct place *place = *state;
	char command[128];
	snprintf(command, sizeof command, "rm -rf '%s'", place->directory);
	int status = system(command);
	forget_output(place);
	free(place);
	return status;
}

static inline void path_of(const struct place *place, const char *name, char *ret, size_t size)
{
	assert_true(snprintf(ret, size, "%s/%s", place->directory, name) < (int)size);
}

static inline void write_file(const struct place *place, const char *name, const char *text)
{
	char path[160];
	path_of(place, name, path, sizeof path);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static inline int replay_paths(
	struct place *place, const char *const *paths, size_t count, bool trace)
{
	forget_output(place);
	FILE *out = open_memstream(&place->out, &place->out_length);
	FILE *err = open_memstream(&place->err, &place->err_length);
	assert_non_null(out);
	assert_non_null(err);
	int status = replay_run(paths, count, trace, out, err);
	fclose(out);
	fclose(err);
	return status;
}

static inline int replay_named(struct place *place, const char *name, bool trace)
{
	char path[160];
	path_of(place, name, path, sizeof path);
	const char *paths[] = {path};
	return replay_paths(place, paths, 1, trace);
}

static inline int replay_text(struct place *place, const char *text, bool trace)
{
	write_file(place, "case.json", text);
	return replay_named(place, "case.json", trace);
}

#define HEAD         "{\"scenario\":\"a title\",\"version\":1,"
#define STEPS(steps) HEAD "\"steps\":[" steps "]}"

static inline void assert_holds(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("expected \"%s\" in: %s", part, text);
}
