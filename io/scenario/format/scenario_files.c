/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario_files.h"

#include "diag.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_scenario_name(const char *name)
{
	static const char suffix[] = ".json";
	size_t length = strlen(name);
	return length > strlen(suffix) && strcmp(name + length - strlen(suffix), suffix) == 0;
}

static int search(const char *path, struct text_list *files, struct diag *diag);

/*
 * Add one entry of a directory: a scenario file, another directory, or neither. A dangling link
 * counts as a file: its reader reports the error, and the search goes on.
 */
static int visit(const char *path, const char *name, struct text_list *files, struct diag *diag)
{
	struct stat self, target;
	int error = 0;
	if (lstat(path, &self) != 0)
		return diag_wrap(diag, diag_fail_errno(diag, -errno), "%s", path);
	if (S_ISDIR(self.st_mode))
		return search(path, files, diag);
	bool is_file = stat(path, &target) != 0 || S_ISREG(target.st_mode);
	if (is_file && is_scenario_name(name))
		error = text_list_add(files, path, strlen(path));
	return error ? diag_fail_errno(diag, error) : 0;
}

/* The search goes on after an unreadable directory. */
static int search_open(DIR *directory, const char *path, struct text_list *files, struct diag *diag)
{
	const char *slash = path[strlen(path) - 1] == '/' ? "" : "/";
	struct dirent *entry;
	int error = 0;
	while ((errno = 0, entry = readdir(directory))) {
		struct diag fault = {0};
		char *inner;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (asprintf(&inner, "%s%s%s", path, slash, entry->d_name) < 0)
			return diag_fail_errno(diag, -ENOMEM);
		int failed = visit(inner, entry->d_name, files, &fault);
		diag_join(diag, &fault);
		diag_clear(&fault);
		free(inner);
		error = failed ? failed : error;
	}
	if (errno)
		error = diag_add(diag, -errno, "%s: %s", path, strerrordesc_np(errno));
	return error;
}

static int search(const char *path, struct text_list *files, struct diag *diag)
{
	DIR *directory = opendir(path);
	int error;
	if (!directory)
		return diag_wrap(diag, diag_fail_errno(diag, -errno), "%s", path);
	error = search_open(directory, path, files, diag);
	closedir(directory);
	return error;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int scenario_files_find(const char *path, struct text_list *files, struct diag *diag)
{
	size_t from = files->count;
	struct stat status;
	int error;
	if (strcmp(path, "-") == 0 || stat(path, &status) != 0 || !S_ISDIR(status.st_mode)) {
		error = text_list_add(files, path, strlen(path));
		return error ? diag_fail_errno(diag, error) : 0;
	}
	error = search(path, files, diag);
	if (files->count > from)
		qsort(files->texts + from, files->count - from, sizeof *files->texts,
			compare_texts);
	else if (!error)
		error = diag_fail(diag, -ENOENT, "%s: no scenario in this directory", path);
	return error;
}
