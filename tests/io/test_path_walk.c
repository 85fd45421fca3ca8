/* SPDX-License-Identifier: Apache-2.0 */
/* How long a path may become through its links. */
#include "harness.h"

#include "path_walk.h"
#include "scratch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* The result of the walk to the link `l`, with `rest` bytes after it. */
static int walk_over(const struct scratch *scratch, size_t rest)
{
	char path[PATH_MAX];
	int length = snprintf(path, sizeof path, "%s/l/", scratch->directory);
	memset(path + length, 'n', rest);
	path[length + (int)rest] = '\0';
	struct path_walk *walk = malloc(sizeof *walk);
	assert_non_null(walk);
	int error = path_walk_open(walk, path);
	while (!error && walk->rest[0] && walk->link_count == 0) {
		char name[NAME_MAX + 1];
		struct path_step step;
		error = path_walk_name(walk, name);
		if (!error)
			error = path_walk_lookup(walk, name, &step);
		if (!error)
			error = path_walk_go(walk, &step);
	}
	if (!error)
		assert_int_equal(strlen(walk->rest), sizeof walk->rest - 1);
	path_walk_close(walk);
	free(walk);
	return error;
}

/* The link's text, a slash and the rest, and a byte that ends it. */
static void a_path_through_links_has_a_length_limit(void **state)
{
	struct scratch *scratch = *state;
	static char target[PATH_MAX - 100];
	memset(target, 't', sizeof target - 1);
	for (size_t i = 100; i < sizeof target - 1; i += 101)
		target[i] = '/';
	scratch_link(scratch, "l", target);
	size_t room = PATH_MAX - strlen(target) - 2;
	assert_int_equal(walk_over(scratch, room), 0);
	assert_int_equal(walk_over(scratch, room + 1), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_path_through_links_has_a_length_limit, scratch_make, scratch_clear),
	};
	return cmocka_run_group_tests_name("path_walk", tests, NULL, NULL);
}
