/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

__attribute__((weak)) void fuzz_begin(void)
{
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	if (sodium_init() < 0)
		abort();
	fuzz_begin();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_one((const char *)data, size);
	return 0;
}

void fuzz_broken(const char *condition, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
	abort();
}

uint32_t fuzz_hash(const char *text, size_t length)
{
	uint32_t hash = 2166136261u;
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (uint8_t)text[i]) * 16777619u;
	return hash;
}

char *fuzz_copy(const char *text, size_t length)
{
	char *copy = malloc(length ? length : 1);
	if (!copy)
		abort();
	if (length)
		memcpy(copy, text, length);
	return copy;
}

struct fuzz_part fuzz_cut(struct fuzz_part *rest, const char *separator)
{
	struct fuzz_part part = *rest;
	size_t size = strlen(separator);
	const char *found = rest->length ? memmem(rest->text, rest->length, separator, size) : NULL;
	if (!found) {
		rest->text += rest->length;
		rest->length = 0;
		return part;
	}
	part.length = (size_t)(found - part.text);
	rest->text = found + size;
	rest->length -= part.length + size;
	return part;
}

bool fuzz_has_secret(const char *text, size_t length, const char *mark)
{
	size_t mark_length = strlen(mark), size = strlen(FUZZ_SECRET);
	const char *at = text, *end = text + length;
	bool found = false;
	while (at < end && (at = memmem(at, (size_t)(end - at), FUZZ_SECRET, size))) {
		if ((size_t)(at - text) < mark_length ||
			memcmp(at - mark_length, mark, mark_length) != 0)
			return false;
		found = true;
		at += size;
	}
	return found;
}

/*
 * Whether the digit at `at` is the last of an escape, \x15 or \u0015, and so not part of the text.
 */
static bool ends_escape(const char *text, const char *at)
{
	size_t before = (size_t)(at - text);
	return (before >= 3 && strncmp(at - 3, "\\x", 2) == 0) ||
	       (before >= 5 && strncmp(at - 5, "\\u", 2) == 0);
}

bool fuzz_says_secret(const char *said)
{
	for (const char *at = said; at && (at = strstr(at, FUZZ_SECRET)); at++)
		if (!ends_escape(said, at))
			return true;
	return false;
}

static char directory[64];

static void directory_remove(void)
{
	char command[sizeof directory + 16];
	snprintf(command, sizeof command, "rm -rf '%s'", directory);
	if (system(command) != 0)
		perror(directory);
}

const char *fuzz_directory(void)
{
	if (directory[0])
		return directory;
	/* In memory, if there is a file system for it. */
	snprintf(directory, sizeof directory, "%s/plexwg-fuzz-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(directory) || atexit(directory_remove) != 0)
		abort();
	return directory;
}

void fuzz_write(const char *name, const char *text, size_t length)
{
	char path[sizeof directory + 64];
	snprintf(path, sizeof path, "%s/%s", fuzz_directory(), name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, text, length) != (ssize_t)length || close(fd) != 0)
		abort();
}
