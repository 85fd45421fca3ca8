/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines of a trace, JSON objects with an LF after each. Both ends are here: trace_line_put
 * writes a line, trace_line_read reads it.
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
#include "clock.h"
#include "device.h"
#include "events.h"
#include "identity.h"
#include "interface_config.h"
#include "interface_fsm.h"
#include "reconcile.h"
#include "state_document.h"

struct diag;

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

/* An operation of controller.h on the interface itself. Names and arguments follow from the
 * configuration. */
#define TRACE_CALLS(X)                                                                             \
	X(CREATE_INTERFACE, create_interface)                                                      \
	X(SET_FWMARK, set_fwmark)                                                                  \
	X(DELETE_INTERFACE, delete_interface)                                                      \
	X(CONFIGURE_ADDRESS, configure_address)                                                    \
	X(SET_INTERFACE_UP, set_interface_up)                                                      \
	X(SET_MTU, set_mtu)

#define X(upper, lower) TRACE_CALL_##upper,
enum trace_call_kind { TRACE_CALLS(X) TRACE_CALL_COUNT };
#undef X

struct trace_call {
	enum trace_call_kind kind;
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

/* The usable and unusable entries of a document, of which trace_document.h selects the new ones. */
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
	bool is_start;    /* the process begins */
	bool is_fetching; /* after `begin`, before `finish` */
	struct interface_config config;
	struct ip mesh_ip;
	struct key_public public_key;
	const char *node_id; /* NULL: none */
	struct signing_keys signing_keys;
	enum interface_state state;
	bool has_document;
	bool is_provisional;                  /* the document is cached state */
	const struct pending_events *pending; /* never NULL when written */
	struct peer_names names;              /* the index; borrowed */
};

/* What a cycle or a repair did. */
struct trace_cycle {
	enum fetch_outcome outcome; /* finish */
	bool has_signing_keys;      /* finish: of a new document */
	struct signing_keys signing_keys;
	bool has_signing_keys_error; /* they are malformed */
	/* The first read of the device failed with this error; 0: it did not. */
	int read_error;
	int reread_error; /* the same of the second read, after Setup */
	/* The interface as the first read found it, without peers, if it had drifted; else NULL. */
	const struct device *drifted;
	bool has_plan; /* false: the cycle ended before it computed the operations */
	/* `withheld` and `retained` are as in the last line with a plan, and are not written. */
	bool has_same_retained;
	/* Removals withheld by the guard or by a provisional document: peers on the device. */
	const struct peer_config **withheld;
	size_t withheld_count;
	/* Peers of unusable entries, as they are on the device. */
	const struct peer_config **retained;
	size_t retained_count;
};

/* An event. Of the payload of an accepted or superseded one at most one member is set: an unusable
 * payload, or one of an unknown type, has none. */
struct trace_event {
	enum verdict verdict;
	const char *type; /* of events.h; "other" for any other; "" if missing or malformed */
	struct trace_token event_id, nonce; /* "": missing */
	bool has_issued_at, has_signature;
	int64_t issued_at_ns;
	const struct peer_entry *peer;
	const char *peer_id;
	const struct signing_keys *keys;
	size_t length; /* malformed: bytes of the data */
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
	size_t rejected_count; /* rejected: how many; event.verdict: why */
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
	struct pending_events pending; /* of a snapshot */
	struct arena arena;
};

/*
 * Read a line, without its LF. Host names are replaced by the addresses that were chosen, or by no
 * endpoint; `error` of an unusable entry is the kind of its fault (trace_fault.h). Returns 0,
 * -ENOMEM or -EINVAL with a reason; on failure `*ret` is unchanged.
 */
int trace_line_read(const char *text, size_t length, struct trace_read *ret, struct diag *diag);
/* Wipe and free; returns to the zero state. */
void trace_read_clear(struct trace_read *read);

const char *trace_kind_name(enum trace_kind kind);
const char *trace_call_name(enum trace_call_kind kind);
