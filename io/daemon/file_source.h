/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fetch the desired state from a file, and watch the file for changes.
 */
#pragma once

#include "loop.h"
#include "peer_wire.h"
#include "problem.h"
#include "source.h"
#include "state_file.h"
#include "state_store.h"

/* All borrowed, except that `wire` is copied. */
struct file_source_config {
	struct loop *loop;
	const char *path;
	size_t bytes_max; /* of the file; 0: STATE_BYTES_MAX */
	struct source_listener listener;
	struct peer_wire_options wire;
	struct state_store *store;
	struct logger logger;
};

struct file_source {
	struct file_source_config config;
	struct state_file file;
	struct loop_watch watch;
	struct problem watch_problem;
	struct problem secrecy_problem;
};

/* The file need not exist yet. If it cannot be watched, that is logged as a problem, and the file
 * is read every interval. */
void file_source_open(struct file_source *source, const struct file_source_config *config);
void file_source_close(struct file_source *source);
/* Return the source for the cycle, also before file_source_open; it borrows `source`. */
struct source file_source(struct file_source *source);
