/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which entries of a document differ from those that the trace has. Entries are found by their ids;
 * of equal ids the first counts, as in the engine. An entry also differs if the address that was
 * chosen for its host name does.
 */
#pragma once

#include "trace_line.h"

struct trace_known_entry {
	char *id;        /* owned */
	size_t position; /* in the document */
	uint64_t digest;
};

/* What the trace has: digests, no content. */
struct trace_document {
	struct trace_known_entry *entries; /* sorted by id */
	size_t count;
	uint64_t nameless_digest;
};

/* The result. Its pointers are to `document` and to the arena. */
struct trace_difference {
	struct trace_entries entries;
	struct trace_document next; /* what the trace has once the entries are written */
	struct arena arena;
};

/* Returns 0 or -ENOMEM. With a `known` of zeros, all entries are new. */
int trace_document_compare(const struct trace_document *known,
	const struct state_document *document, const struct trace_put_context *context,
	struct trace_difference *ret);
/* The entries were written: `known` becomes `difference->next`. Clears the difference. */
void trace_document_accept(struct trace_document *known, struct trace_difference *difference);
void trace_difference_clear(struct trace_difference *difference);
void trace_document_clear(struct trace_document *known);
