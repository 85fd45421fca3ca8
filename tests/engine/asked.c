/* SPDX-License-Identifier: Apache-2.0 */
#include "asked.h"

#include "harness.h"

#include <stdio.h>

int asked_setup(void **state)
{
	struct asked *asked = calloc(1, sizeof *asked);
	if (!asked)
		return -1;
	asked->identity = world_identity();
	*state = asked;
	return peer_index_init(&asked->index);
}

int asked_teardown(void **state)
{
	struct asked *asked = *state;
	desired_clear(&asked->desired);
	peer_names_clear(&asked->names);
	peer_index_deinit(&asked->index);
	peer_table_clear(&asked->actual);
	pending_events_clear(&asked->pending);
	state_document_clear(&asked->document);
	free(asked);
	return 0;
}

void device_has(struct asked *asked, const char *id, unsigned char byte, const char *allowed_ips)
{
	struct arena arena = {0};
	struct peer_config peer = peer_of(&arena, byte, "", allowed_ips);
	assert_int_equal(peer_table_append(&asked->actual, &peer), 0);
	if (id)
		assert_int_equal(peer_index_add(&asked->index, id, &peer.public_key), 0);
	arena_clear(&arena);
}

void resolve(struct asked *asked)
{
	desired_clear(&asked->desired);
	peer_names_clear(&asked->names);
	assert_int_equal(peer_table_seal(&asked->actual, NULL), 0);
	assert_int_equal(peer_index_snapshot(&asked->index, &asked->names), 0);
	struct desired_input input = {
		.document = &asked->document,
		.pending = &asked->pending,
		.actual = &asked->actual,
		.names = &asked->names,
		.identity = &asked->identity,
	};
	assert_int_equal(desired_resolve(&input, &asked->desired), 0);
	assert_true(asked->desired.peers.sealed);
}

void assert_wanted(struct asked *asked, const char *peers)
{
	resolve(asked);
	assert_string_equal(
		peers_text(asked->desired.peers.peers, asked->desired.peers.count).text, peers);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(a, b);
}

void assert_conflicts(struct asked *asked, const char *wanted)
{
	char lines[16][160], text[2048] = "";
	size_t count = asked->desired.conflict_count;
	assert_true(count <= COUNT_OF(lines));
	for (size_t i = 0; i < count; i++) {
		const struct conflict *conflict = &asked->desired.conflicts[i];
		char about[60];
		struct key_public key;
		if (key_public_parse(conflict->about, strlen(conflict->about), &key, NULL) == 0)
			snprintf(about, sizeof about, "%02x", key.bytes[0]);
		else
			snprintf(about, sizeof about, "%s", conflict->about);
		snprintf(lines[i], sizeof lines[i], "%s %s: %s beats %s",
			conflict_kind_name(conflict->kind), about, conflict->winner,
			conflict->loser);
	}
	qsort(lines, count, sizeof *lines, compare_texts);
	for (size_t i = 0; i < count; i++) {
		strcat(text, i ? "; " : "");
		strcat(text, lines[i]);
	}
	assert_string_equal(text, wanted);
}

void assert_kept(struct asked *asked, const char *wanted)
{
	char text[1024] = "";
	for (size_t i = 0; i < asked->desired.retained_count; i++) {
		const struct retained_peer *kept = &asked->desired.retained[i];
		size_t length = strlen(text);
		snprintf(text + length, sizeof text - length, "%s%02x %s", i ? "; " : "",
			kept->actual->public_key.bytes[0], kept->id ? kept->id : "-");
		assert_ptr_equal(
			kept->actual, peer_table_find(&asked->actual, &kept->actual->public_key));
	}
	assert_string_equal(text, wanted);
}

struct peer_entry *asked_wants(
	struct asked *asked, const char *id, unsigned char key, const char *allowed_ips)
{
	return document_add(&asked->document, id, key, "", allowed_ips);
}

void spoilt(struct asked *asked, const char *id, unsigned char key)
{
	document_add_unusable(&asked->document, id, key, "peers[0]: bad");
}
