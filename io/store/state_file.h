/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state file of `plexwg run`: watch it for changes and read it, returning a text only if it
 * differs from the last one.
 *
 *     state_file_open(&file, "/etc/plexwg/state.json", 0, &diag);
 *     state_file_read(&file, &outcome, &text, &diag);
 *     when the watch's descriptor is readable:
 *         state_file_take(&file, &changed, &diag);
 *         if (changed)
 *             state_file_read(&file, &outcome, &text, &diag);
 */
#pragma once

#include "file.h"
#include "path_watch.h"

#include <stdint.h>

/* The default limit; a mesh of 65 536 peers takes about 16 MB. */
#define STATE_BYTES_MAX ((size_t)64 << 20)
/* The highest limit that can be set. */
#define STATE_MIB_MAX   1024
#define STATE_FILE_HASH 32

struct state_file {
	struct path_watch watch;
	size_t bytes_max;
	bool has_hash;
	uint8_t hash[STATE_FILE_HASH]; /* of the last text returned */
	char *fault;                   /* why that text was rejected; NULL: it was not */
};

/* As file_read_trusted, but -EFBIG names the limit's option. */
int state_text_read(const char *path, size_t bytes_max, struct file_text *ret, struct diag *diag);

/* As path_watch_open: after an error the caller must read the file periodically. `path` is
 * borrowed. `bytes_max` limits a text; 0: STATE_BYTES_MAX. */
int state_file_open(struct state_file *file, const char *path, size_t bytes_max, struct diag *diag);
/* Open the watch again, with the same result. */
int state_file_watch_again(struct state_file *file, struct diag *diag);
/* As path_watch_take. */
int state_file_take(struct state_file *file, bool *ret_changed, struct diag *diag);

enum state_file_outcome {
	STATE_FILE_TEXT,      /* a new text, which the caller applies or rejects */
	STATE_FILE_UNCHANGED, /* the last text again, which was not rejected */
};

/*
 * Read the file. If the outcome is STATE_FILE_TEXT, the caller frees `*ret_text` with
 * file_text_clear.
 *
 * Errors: as state_text_read, and -EINVAL with the fault of the last text if it was rejected and
 * the file still holds it.
 */
int state_file_read(struct state_file *file, enum state_file_outcome *ret_outcome,
	struct file_text *ret_text, struct diag *diag);
/* Reject the last text because of `fault`: state_file_read then fails with it instead of returning
 * the text again. Returns 0 or -ENOMEM. */
int state_file_reject(struct state_file *file, const char *fault);
/* Make the next read return the text even if it is the same. */
void state_file_forget(struct state_file *file);
void state_file_close(struct state_file *file);
