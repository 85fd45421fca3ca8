/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the verifier knows, kept in the identity directory over restarts and reboots: the signing
 * keys in force, the nonces that may yet be replayed, and the time of the newest event of each
 * peer. A file of mode 0600, `trust.journal`, to which a small record is appended before an event
 * is acted upon, and which is written anew at the start and when it has doubled. A record that a
 * crash cut off is left out.
 *
 * The boot clock begins anew with a reboot: then what was kept is remembered until the machine is
 * up for ten minutes, and until the wall clock is past.
 *
 * Where nothing can be written events are handled all the same. That is a problem, which says that
 * replays are possible after a restart. sodium_init must have been called.
 */
#pragma once

#include "loop.h"
#include "problem.h"
#include "state_store_file.h"
#include "verifier.h"

#define TRUST_JOURNAL_NAME "trust.journal"

struct trust_journal {
	struct state_store_file_owner owner;
	/* The identity's signing key. Keys that were kept count for that one: if the operator
	 * replaces it, it is in force. */
	struct key_public configured;
	struct loop *loop;
	struct verifier *verifier; /* NULL: not open */
	struct logger logger;
	bool has_keys; /* keys were found, those in force or for another configured one */
	/* The rest is its own. */
	int fd; /* -1: nothing can be written */
	size_t bytes;
	size_t rewritten_bytes;
	struct loop_timer timer; /* to sync, or to try again */
	struct problem write_problem;
};

void trust_journal_init(struct trust_journal *journal, struct loop *loop,
	const struct state_store_file_owner *owner, struct logger logger);
/*
 * Gives `verifier`, which has the `configured` keys, what was kept. Without memory for it, or if it
 * is damaged or of another node or source, a warning says so.
 */
void trust_journal_load(struct trust_journal *journal, struct verifier *verifier);
/* From here on all that `verifier` comes to know is kept. */
void trust_journal_start(struct trust_journal *journal, struct verifier *verifier);
/* Syncs. */
void trust_journal_deinit(struct trust_journal *journal);
