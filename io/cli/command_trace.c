/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "convert.h"
#include "diag.h"
#include "file.h"
#include "report_error.h"
#include "timestamp.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEGMENT_PATTERN   "trace-[0-9]*.jsonl"
#define SEGMENT_BYTES_MAX ((size_t)1 << 30)

/* The segments of a trace, in their order. */
struct trace_files {
	struct file_text *files;
	struct convert_segment *segments;
	size_t count;
};

static int entry_is_segment(const struct dirent *entry)
{
	return fnmatch(SEGMENT_PATTERN, entry->d_name, 0) == 0;
}

static int trace_file_read(
	struct trace_files *files, const char *directory, const char *name, struct diag *diag)
{
	struct file_text *file = &files->files[files->count];
	char *path = NULL;
	if (asprintf(&path, "%s/%s", directory, name) < 0)
		return diag_fail_errno(diag, -ENOMEM);
	int error = file_read(path, SEGMENT_BYTES_MAX, file, diag);
	if (error) {
		free(path);
		/* A running daemon has deleted its oldest segment. */
		return error == -ENOENT ? 0 : error;
	}
	files->segments[files->count++] =
		(struct convert_segment){.name = path, .text = file->text, .length = file->length};
	return 0;
}

static int trace_files_read(const char *directory, struct trace_files *ret, struct diag *diag)
{
	struct dirent **entries = NULL;
	int count = scandir(directory, &entries, entry_is_segment, alphasort);
	int error = count < 0 ? diag_fail_errno(diag, -errno) : 0;
	if (!error && count == 0)
		error = diag_fail(diag, -ENOENT, "no trace");
	if (error)
		diag_wrap(diag, error, "%s", directory);
	ret->files = calloc((size_t)(count > 0 ? count : 1), sizeof *ret->files);
	ret->segments = calloc((size_t)(count > 0 ? count : 1), sizeof *ret->segments);
	if (!ret->files || !ret->segments)
		error = diag_fail_errno(diag, -ENOMEM);
	for (int i = 0; i < count; i++) {
		if (!error && ret->files && ret->segments)
			error = trace_file_read(ret, directory, entries[i]->d_name, diag);
		free(entries[i]);
	}
	free(entries);
	return error;
}

static void trace_files_clear(struct trace_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		file_text_clear(&files->files[i]);
		free((char *)files->segments[i].name);
	}
	free(files->files);
	free(files->segments);
}

static int scenario_store(const char *path, const struct converted *converted, struct diag *diag)
{
	const char *slash = strrchr(path, '/');
	char *directory = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	if (!directory)
		return diag_fail_errno(diag, -ENOMEM);
	int error = file_replace(
		directory, slash ? slash + 1 : path, converted->text, converted->length, diag);
	free(directory);
	return error;
}

static int trace_convert(const struct options *options, struct diag *diag)
{
	struct trace_files files = {0};
	struct converted converted = {0};
	struct convert_range range = {
		.since_ns = options->since_ns, .last_ns = options->last_ms * NS_PER_MS};
	int error = trace_files_read(options->identity_directory, &files, diag);
	if (!error)
		error = convert_trace(files.segments, files.count, range, &converted, diag);
	trace_files_clear(&files);
	if (!error && options->output_path)
		error = scenario_store(options->output_path, &converted, diag);
	else if (!error)
		fwrite(converted.text, 1, converted.length, stdout);
	if (!error && converted.reason)
		report_error("trace: the scenario ends early: %s", converted.reason);
	converted_clear(&converted);
	return error;
}

int command_trace(const struct options *options)
{
	struct diag diag = {0};
	int status = 0;
	if (options->last_ms && options->since_ns) {
		report_error("trace: --last and --since exclude each other");
		return STATUS_USAGE;
	}
	if (trace_convert(options, &diag) != 0) {
		report_error("trace: %s", diag_text(&diag));
		status = STATUS_ERROR;
	}
	diag_clear(&diag);
	return status;
}
