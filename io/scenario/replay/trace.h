/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run did, as JSON Lines: one object for every operation, event, log line and cycle.
 *
 *     {"scenario":"…","time":"2026-03-01T12:00:00Z","step":"4.1","type":"operation",
 *      "operation":"add_peer plexd0 …"}
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

struct trace {
	FILE *out; /* NULL: no trace */
	const char *scenario;
};

/*
 * Write one line. Names and texts follow in pairs, ended by NULL; a pair with a NULL text is left
 * out. No text may be a secret.
 */
void trace_line(const struct trace *trace, int64_t now_ns, const char *step, const char *type, ...)
	__attribute__((sentinel));
