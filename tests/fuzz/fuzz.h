/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What fuzz targets share. A target is one file with fuzz_one(): it passes the bytes to a parser
 * and checks, with FUZZ_HOLDS, properties that hold for any input. corpus/TARGET has the first
 * inputs, one of them for each bug that was found.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Called for each input, which has no byte to spare after it. */
void fuzz_one(const char *text, size_t length);
/* Called once, before everything else; libsodium is ready. Optional. */
void fuzz_begin(void);

/* A property. If it does not hold, the process ends, and the input is stored. */
#define FUZZ_HOLDS(condition) ((condition) ? (void)0 : fuzz_broken(#condition, __FILE__, __LINE__))
_Noreturn void fuzz_broken(const char *condition, const char *file, int line);

/* A number derived from the input: for choices that are not part of it. */
uint32_t fuzz_hash(const char *text, size_t length);

/* A copy without a byte to spare, which the caller frees. */
char *fuzz_copy(const char *text, size_t length);
/* The input up to the first `separator`, its rest moved behind it; all of it if there is none. */
struct fuzz_part {
	const char *text;
	size_t length;
};
struct fuzz_part fuzz_cut(struct fuzz_part *rest, const char *separator);

/*
 * A secret: where an input has it right behind `mark` and nowhere else, no text about the input may
 * contain it.
 */
#define FUZZ_SECRET "5ec2e75ec2e7"
bool fuzz_has_secret(const char *text, size_t length, const char *mark);
/* NULL contains no secret. */
bool fuzz_says_secret(const char *said);

/* A directory of this process, and a file in it, written again each time. */
const char *fuzz_directory(void);
void fuzz_write(const char *name, const char *text, size_t length);
