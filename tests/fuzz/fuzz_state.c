/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State documents: two reads agree, a usable entry can be written and read again as the same, no
 * error contains a preshared key, and a rejected document leaves the output unchanged.
 */
#include "describe.h"
#include "diag.h"
#include "fuzz.h"
#include "peer_text.h"
#include "state_wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The usable entries alone, as a document. */
static void put_usable(struct canonical_writer *writer, const struct state_document *document)
{
	bool is_first = true;
	canonical_put(writer, "[", 1);
	for (size_t i = 0; i < document->entry_count; i++) {
		if (document->entries[i].error)
			continue;
		canonical_put(writer, ",", is_first ? 0 : 1);
		peer_text_put(writer, &document->entries[i].config);
		is_first = false;
	}
	canonical_put(writer, "]", 1);
}

static void usable_check(
	const struct state_document *document, const struct peer_wire_options *options)
{
	struct canonical_writer writer = {0};
	struct state_document again;
	struct description a = {0}, b = {0};
	put_usable(&writer, document);
	writer = (struct canonical_writer){.out = malloc(writer.length)};
	put_usable(&writer, document);
	FUZZ_HOLDS(state_wire_read_peers(writer.out, writer.length, options, &again, NULL) == 0);
	describe(&a, "peers\n");
	for (size_t i = 0; i < document->entry_count; i++)
		if (!document->entries[i].error)
			describe_entry(&a, &document->entries[i]);
	describe(&b, "peers\n");
	for (size_t i = 0; i < again.entry_count; i++)
		describe_entry(&b, &again.entries[i]);
	FUZZ_HOLDS(descriptions_match(&a, &b));
	state_document_clear(&again);
	free(writer.out);
}

static void secrets_check(const struct state_document *document)
{
	for (size_t i = 0; i < document->entry_count; i++)
		FUZZ_HOLDS(!fuzz_says_secret(document->entries[i].error));
	FUZZ_HOLDS(!fuzz_says_secret(document->signing_keys_error));
	for (size_t i = 0; i < document->unknown_member_count; i++)
		FUZZ_HOLDS(!fuzz_says_secret(document->unknown_members[i]));
}

void fuzz_one(const char *text, size_t length)
{
	const struct peer_wire_options options = {
		.allow_host_names = fuzz_hash(text, length) % 2 == 0};
	bool has_secret = fuzz_has_secret(text, length, "\"psk\":\"");
	struct diag diag = {0};
	struct state_document one = {.entry_count = 7}, other = {0};
	int error = state_wire_read(text, length, &options, &one, &diag);
	FUZZ_HOLDS(error == state_wire_read(text, length, &options, &other, NULL));
	FUZZ_HOLDS(error == 0 || error == -EINVAL);
	if (error) {
		FUZZ_HOLDS(one.entry_count == 7 && !one.arena.blocks);
		FUZZ_HOLDS(*diag_text(&diag));
		FUZZ_HOLDS(!has_secret || !fuzz_says_secret(diag_text(&diag)));
	} else {
		struct description a = {0}, b = {0};
		describe_state(&a, &one);
		describe_state(&b, &other);
		FUZZ_HOLDS(descriptions_match(&a, &b));
		usable_check(&one, &options);
		if (has_secret)
			secrets_check(&one);
		state_document_clear(&one);
		state_document_clear(&other);
	}
	diag_clear(&diag);
}
