/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines of a trace, JSON objects with an LF after each: trace_line_put writes a line,
 * trace_line_read reads it.
 *
 *     snapshot   begins a segment: everything that later lines refer to
 *     begin      a cycle brought the interface up, or failed to; the fetch follows
 *     finish     the end of a cycle: the answer and what was decided
 *     repair     the last good state was applied during a fetch
 *     event      an event was judged, and handled if it was accepted
 *     rejected   so many further events were rejected with a verdict
 *     teardown
 *
 * A line has what the engine decided and what of a device read decided it. What the device has as
 * it should be follows from the document and is not written.
 *
 * Nothing that is not a member of a wire form gets into a line, and no error text: errors are names
 * of errnos, unusable entries have the kind of their fault. Preshared keys, event ids and nonces
 * are digests under a key that derives from the node's private key.
 */
#pragma once

#include "canonical_json.h"
#include "identity.h"
#include "observer.h"

#define TRACE_VERSION 1

/* The key of the digests: the same after a restart, worthless without the private key. */
struct trace_secret {
	uint8_t bytes[32];
};
/* The caller has called sodium_init, and wipes the result. */
struct trace_secret trace_secret_derive(const struct key_secret *private_key);

/* A digest in hexadecimal, for texts of which only equality counts; "" for an empty text. */
struct trace_token {
	char text[17];
};
struct trace_token trace_token_make(
	const struct trace_secret *secret, const char *text, size_t length);

#define TRACE_KINDS(X)                                                                             \
	X(SNAPSHOT, snapshot)                                                                      \
	X(BEGIN, begin)                                                                            \
	X(FINISH, finish)                                                                          \
	X(REPAIR, repair)                                                                          \
	X(EVENT, event)                                                                            \
	X(REJECTED, rejected)                                                                      \
	X(TEARDOWN, teardown)

#define X(upper, lower) TRACE_##upper,
enum trace_kind { TRACE_KINDS(X) TRACE_KIND_COUNT };
#undef X

/* An operation on the interface itself. Its arguments follow from the configuration. */
struct trace_call {
	enum interface_call call;
	int error; /* 0 or a negative errno */
};

/* An operation on a peer: of a plan, in its order, or of an event. */
struct trace_op {
	enum peer_op_kind kind;
	unsigned fields; /* update: PEER_FIELD_* */
	struct key_public public_key;
	const struct peer_config
		*actual; /* the peer on the device before; NULL: none, or unknown */
	int error;       /* 0 or a negative errno */
};

/* Entries of a document that differ from those of earlier lines (trace_document.h). */
struct trace_entries {
	const struct peer_entry **changed; /* with an id: new, or other than before */
	size_t changed_count;
	const char **gone; /* the ids of entries that are gone */
	size_t gone_count;
	bool has_nameless;                  /* the entries without an id are others than before: */
	const struct peer_entry **nameless; /* all of them */
	size_t nameless_count;
};

struct trace_snapshot {
	int version;      /* TRACE_VERSION */
	bool is_start;    /* the process begins */
	bool is_fetching; /* after `begin`, before `finish` */
	struct interface_config config;
	struct ip mesh_ip;
	struct key_public public_key;
	const char *node_id; /* NULL: none */
	struct signing_keys signing_keys;
	enum interface_state state;
	bool has_document;
	bool is_provisional; /* the document is cached state */
	const struct pending_events *pending;
	struct peer_names names; /* the index; borrowed */
};

/* What a cycle or a repair did. */
struct trace_cycle {
	enum fetch_outcome outcome; /* finish */
	bool has_signing_keys;      /* finish: of a new document */
	struct signing_keys signing_keys;
	bool has_signing_keys_error; /* they are malformed */
	int read_error;              /* of the first read of the device, or 0 */
	int reread_error;            /* of the second one, after Setup */
	/* The interface as the first read found it, without peers, if it had drifted; else NULL. */
	const struct device *drifted;
	bool has_plan; /* else the cycle ended before it computed the operations */
	/* With a plan: the next two are given. Else they are as in the last line that gave them. */
	bool has_retained;
	/* Removals withheld by the guard or by a provisional document: peers on the device. */
	const struct peer_config **withheld;
	size_t withheld_count;
	/* Peers of unusable entries, as they are on the device. */
	const struct peer_config **retained;
	size_t retained_count;
};

/* An event. Of the payload of an accepted one at most one member is set: an unusable payload, or
 * one of an unknown type, has none. */
struct trace_event {
	enum verdict verdict;
	const char *type; /* of events.h; "other" for any other; NULL if missing or malformed */
	struct trace_token event_id, nonce; /* "": missing */
	bool has_issued_at, has_signature;
	int64_t issued_at_ns;
	const struct peer_entry *peer;
	const char *peer_id;
	const struct signing_keys *keys;
	uint64_t length; /* malformed: bytes of the data */
};

struct trace_line {
	enum trace_kind kind;
	struct moment at;
	int error; /* what the engine returned: 0 or a negative errno */
	const struct trace_call *calls;
	size_t call_count;
	const struct trace_op *ops;
	size_t op_count;
	struct trace_entries entries; /* snapshot (all entries), finish, repair */
	struct trace_snapshot snapshot;
	struct trace_cycle cycle; /* finish, repair */
	struct trace_event event;
	uint64_t rejected_count; /* rejected: how many; event.verdict: why */
};

/* What writing needs besides the line. */
struct trace_put_context {
	const struct trace_secret *secret;
	/* The addresses of peers whose endpoint is a host name: what the engine last chose. */
	const struct endpoint_history *endpoints;
};

/* Write the line with its LF. As of canonical_json.h, a writer without a buffer counts. */
void trace_line_put(struct canonical_writer *writer, const struct trace_line *line,
	const struct trace_put_context *context);
/* Write an entry as a line has it. */
void trace_entry_put(struct canonical_writer *writer, const struct peer_entry *entry,
	const struct trace_put_context *context);

/* A line that was read. Its pointers are to the arena. */
struct trace_read {
	struct trace_line line;
	struct arena arena;
};

/*
 * Read a line, without its LF. Host names are replaced by the addresses that were chosen, or by no
 * endpoint; `error` of an unusable entry is a static text (trace_fault.h). Returns 0, -ENOMEM or
 * -EINVAL with a reason; on failure `*ret` is unchanged.
 */
int trace_line_read(const char *text, size_t length, struct trace_read *ret, struct diag *diag);
/* What in a line is the run's own. */
enum trace_part {
	TRACE_PART_NONE,
	TRACE_PART_KEY,          /* struct key_public */
	TRACE_PART_ID,           /* const char * */
	TRACE_PART_IP,           /* struct ip */
	TRACE_PART_ADDRESS,      /* struct prefix */
	TRACE_PART_TOKEN,        /* struct trace_token */
	TRACE_PART_SIGNING_KEYS, /* struct signing_keys */
	TRACE_PART_ENTRY,        /* struct peer_entry */
	TRACE_PART_PEER,         /* struct peer_config */
	TRACE_PART_PENDING,      /* struct pending_events * */
};
/* Call `visit` for each such value, which it may change. */
void trace_line_visit(struct trace_read *read,
	void (*visit)(void *impl, enum trace_part part, void *value), void *impl);
/* Wipe and free; returns to the zero state. */
void trace_read_clear(struct trace_read *read);
