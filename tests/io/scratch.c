/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "harness.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int scratch_make(void **state)
{
	struct scratch *scratch = calloc(1, sizeof *scratch);
	if (!scratch)
		return -1;
	const char *parent = getenv("TMPDIR");
	snprintf(scratch->directory, sizeof scratch->directory, "%s/plexwg-test-XXXXXX",
		parent && strlen(parent) < 40 ? parent : "/tmp");
	*state = scratch;
	return mkdtemp(scratch->directory) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	return remove(path);
}

int scratch_clear(void **state)
{
	struct scratch *scratch = *state;
	int status = getenv("PLEXWG_KEPT")
			     ? 0
			     : nftw(scratch->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(scratch);
	return status;
}

struct scratch_path scratch_path(const struct scratch *scratch, const char *name)
{
	struct scratch_path path;
	int length = snprintf(path.text, sizeof path.text, "%s/%s", scratch->directory, name);
	assert_true(length < (int)sizeof path.text);
	return path;
}

void scratch_write(const struct scratch *scratch, const char *name, const char *text)
{
	int fd = open(
		scratch_path(scratch, name).text, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

void scratch_replace(const struct scratch *scratch, const char *name, const char *text)
{
	char temporary[200];
	snprintf(temporary, sizeof temporary, "%s.new", name);
	scratch_write(scratch, temporary, text);
	scratch_rename(scratch, temporary, name);
}

char *scratch_read(const struct scratch *scratch, const char *name)
{
	char *text = NULL;
	FILE *file = fopen(scratch_path(scratch, name).text, "r");
	assert_non_null(file);
	size_t size = 0;
	if (getdelim(&text, &size, '\0', file) < 0) {
		free(text);
		text = strdup("");
	}
	fclose(file);
	assert_non_null(text);
	return text;
}

bool scratch_has(const struct scratch *scratch, const char *name)
{
	struct stat status;
	return lstat(scratch_path(scratch, name).text, &status) == 0;
}

void scratch_mkdir(const struct scratch *scratch, const char *name)
{
	assert_int_equal(mkdir(scratch_path(scratch, name).text, 0700), 0);
}

void scratch_link(const struct scratch *scratch, const char *name, const char *target)
{
	char temporary[200];
	snprintf(temporary, sizeof temporary, "%s.new", name);
	assert_int_equal(symlink(target, scratch_path(scratch, temporary).text), 0);
	scratch_rename(scratch, temporary, name);
}

void scratch_rename(const struct scratch *scratch, const char *from, const char *to)
{
	assert_int_equal(
		rename(scratch_path(scratch, from).text, scratch_path(scratch, to).text), 0);
}

void scratch_unlink(const struct scratch *scratch, const char *name)
{
	assert_int_equal(unlink(scratch_path(scratch, name).text), 0);
}

void scratch_chmod(const struct scratch *scratch, const char *name, mode_t mode)
{
	assert_int_equal(chmod(scratch_path(scratch, name).text, mode), 0);
}
