/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state file of `plexwg run`: tells when there may be a new state in it, and reads it, handing
 * out a text only if it differs from the last one.
 *
 *     state_file_open(&file, "/etc/plexwg/state.json", &diag);
 *     state_file_read(&file, &outcome, &text, &diag); and again whenever
 *     state_file_take(&file, &changed, &diag);        says so once its descriptor is readable
 */
#pragma once

#include "file.h"
#include "path_watch.h"

#include <stdint.h>

/* Unless another limit is given: a mesh of 65 536 peers takes about 16 MB. */
#define STATE_BYTES_MAX ((size_t)64 << 20)
/* What may be given. */
#define STATE_MIB_MAX   1024
#define STATE_FILE_HASH 32

struct state_file {
	struct path_watch watch; /* wait for its descriptor */
	size_t bytes_max;        /* of a text; 0: STATE_BYTES_MAX */
	bool has_hash;
	uint8_t hash[STATE_FILE_HASH]; /* of the last text handed out */
	char *fault;                   /* what was wrong with that text; NULL: nothing */
};

/* Reads a state as file_read_trusted does; one that is over the bound is refused by its name. */
int state_text_read(const char *path, size_t bytes_max, struct file_text *ret, struct diag *diag);

/* As path_watch_open: an error, if the watch's descriptor is not -1, leaves the file to be read now
 * and then. `path` is borrowed. */
int state_file_open(struct state_file *file, const char *path, struct diag *diag);
/* Begins to watch anew, with the same result. */
int state_file_watch_again(struct state_file *file, struct diag *diag);
/* As path_watch_take. */
int state_file_take(struct state_file *file, bool *ret_changed, struct diag *diag);

enum state_file_outcome {
	STATE_FILE_TEXT,      /* a text that is to be taken over or refused */
	STATE_FILE_UNCHANGED, /* the last text again, and there was nothing wrong with it */
};

/*
 * Reads the file. Returns 0, with `*ret_text` for file_text_clear if the outcome is a text; its
 * mode tells whether others may read it. Or a negative errno: what the system said, -EACCES if
 * others may write the file, or the fault of the last text, if that is what it holds.
 */
int state_file_read(struct state_file *file, enum state_file_outcome *ret_outcome,
	struct file_text *ret_text, struct diag *diag);
/* The last text cannot be used, as `fault` says: it is not handed out again. Returns 0 or
 * -ENOMEM. */
int state_file_reject(struct state_file *file, const char *fault);
/* The next text is handed out, whatever it is. */
void state_file_forget(struct state_file *file);
void state_file_close(struct state_file *file);
