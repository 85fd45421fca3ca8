/* SPDX-License-Identifier: Apache-2.0 */
/* The input of desired_resolve and its result, as a cmocka fixture. */
#pragma once

#include "plan.h"
#include "world.h"

struct asked {
	struct state_document document;
	struct pending_events pending;
	struct peer_table actual;
	struct peer_index index;
	struct peer_names names;
	struct identity identity; /* world_identity */
	struct desired desired;
};

int asked_setup(void **state);
int asked_teardown(void **state);
#define ASKED_TEST(name) cmocka_unit_test_setup_teardown(name, asked_setup, asked_teardown)

/* The device has that peer; its id is known to the index unless it is NULL. */
void device_has(struct asked *asked, const char *id, unsigned char byte, const char *allowed_ips);
/* The document has a usable entry, or one that cannot be used; id NULL is none, key 0 is none. */
struct peer_entry *asked_wants(
	struct asked *asked, const char *id, unsigned char key, const char *allowed_ips);
void spoilt(struct asked *asked, const char *id, unsigned char key);

void resolve(struct asked *asked);
/* Resolve; then exactly these peers are desired (in the format of peers_text). */
void assert_wanted(struct asked *asked, const char *peers);
/* Conflicts as "public_key KEY: a beats b", joined with "; ", keys as one byte; sorted. */
void assert_conflicts(struct asked *asked, const char *wanted);
/* Retained peers as "02 peer-2", joined with "; ". */
void assert_kept(struct asked *asked, const char *wanted);
