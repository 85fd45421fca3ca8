/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Persist what the verifier knows across restarts and reboots: the signing keys in force, the
 * nonces that could still be replayed, and the time of the newest event of each peer. The file
 * `trust.journal` in the identity directory has mode 0600. A small record is appended before an
 * event is handled; the file is rewritten at the start and whenever it has doubled. A record that a
 * crash truncated is ignored.
 *
 * A reboot resets the boot clock: nonces are then remembered until the machine has been up for ten
 * minutes and the wall clock is past their time.
 *
 * If the file cannot be written, events are handled all the same, and a problem is logged, since
 * replays are possible after a restart. The caller must have called sodium_init.
 */
#pragma once

#include "loop.h"
#include "problem.h"
#include "state_store_file.h"
#include "verifier.h"

#define TRUST_JOURNAL_NAME "trust.journal"

/* All borrowed. */
struct trust_journal_config {
	struct loop *loop;
	struct verifier *verifier;
	struct state_store_file_owner owner;
	struct logger logger;
};

struct trust_journal {
	bool has_keys; /* the journal had keys, for this configured key or another */
	/* The rest is private. */
	struct trust_journal_config config;
	/* The identity's signing key. Keys in the journal are bound to it: if the operator replaces
	 * it, they are ignored and the new key is in force. */
	struct key_public configured;
	int fd; /* -1: the file cannot be written */
	size_t bytes;
	size_t rewritten_bytes;
	struct loop_timer timer; /* to sync or to retry */
	struct problem write_problem;
};

void trust_journal_init(struct trust_journal *journal, const struct trust_journal_config *config);
/* Return the store for the verifier, which borrows `journal`. It ignores all records before
 * trust_journal_start. */
struct trust_store trust_journal_store(struct trust_journal *journal);
/*
 * Restore the verifier, whose key is the identity's. Log a warning if the journal is damaged or of
 * another node or source, or when out of memory.
 */
void trust_journal_load(struct trust_journal *journal);
/* From here on record all that the verifier learns. */
void trust_journal_start(struct trust_journal *journal);
/* Sync and close the file. */
void trust_journal_deinit(struct trust_journal *journal);
