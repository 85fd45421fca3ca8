/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Payloads of events: a usable peer can be written and read again as the same; two reads agree;
 * what is rejected has a reason that contains no secret.
 */
#include "describe.h"
#include "diag.h"
#include "fuzz.h"
#include "payload_wire.h"
#include "peer_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct peer_wire_options options = {
	.default_keepalive_s = 25, .allow_host_names = true};

static void refusal_check(const char *text, size_t length, int error, const struct diag *diag)
{
	FUZZ_HOLDS(error == -EINVAL && *diag_text(diag));
	if (fuzz_has_secret(text, length, "\"psk\":\""))
		FUZZ_HOLDS(!fuzz_says_secret(diag_text(diag)));
}

static void peer_check(const struct payload_reader *reader, const struct peer_entry *entry)
{
	struct canonical_writer writer = {0};
	struct arena arena = {0};
	struct peer_entry again;
	struct description a = {0}, b = {0};
	FUZZ_HOLDS(!entry->error && entry->has_key && *entry->id);
	peer_text_put(&writer, &entry->config);
	writer = (struct canonical_writer){.out = malloc(writer.length)};
	peer_text_put(&writer, &entry->config);
	FUZZ_HOLDS(reader->read_peer(
			   reader->impl, writer.out, writer.length, &arena, &again, NULL) == 0);
	describe_entry(&a, entry);
	describe_entry(&b, &again);
	FUZZ_HOLDS(descriptions_match(&a, &b));
	free(writer.out);
	arena_clear(&arena);
}

static void read_peer(const struct payload_reader *reader, const char *text, size_t length)
{
	struct diag diag = {0};
	struct arena arena = {0};
	struct peer_entry entry = {.id = (const char *)&entry};
	int error = reader->read_peer(reader->impl, text, length, &arena, &entry, &diag);
	if (error) {
		refusal_check(text, length, error, &diag);
		FUZZ_HOLDS(entry.id == (const char *)&entry);
	} else {
		peer_check(reader, &entry);
	}
	arena_clear(&arena);
	diag_clear(&diag);
}

static void read_peer_id(const struct payload_reader *reader, const char *text, size_t length)
{
	struct diag diag = {0};
	struct arena arena = {0};
	const char *id = (const char *)&id;
	int error = reader->read_peer_id(reader->impl, text, length, &arena, &id, &diag);
	if (error) {
		refusal_check(text, length, error, &diag);
		FUZZ_HOLDS(id == (const char *)&id);
	} else {
		FUZZ_HOLDS(id && *id);
	}
	arena_clear(&arena);
	diag_clear(&diag);
}

static void read_keys(const struct payload_reader *reader, const char *text, size_t length)
{
	struct diag diag = {0};
	struct signing_keys keys = {.transition_expires_ns = 7}, again = keys;
	int error = reader->read_signing_keys(reader->impl, text, length, &keys, &diag);
	FUZZ_HOLDS(error == reader->read_signing_keys(reader->impl, text, length, &again, NULL));
	if (error) {
		refusal_check(text, length, error, &diag);
		FUZZ_HOLDS(keys.transition_expires_ns == 7);
	} else {
		struct description a = {0}, b = {0};
		FUZZ_HOLDS(!key_public_is_zero(&keys.current));
		describe_keys(&a, &keys);
		describe_keys(&b, &again);
		FUZZ_HOLDS(descriptions_match(&a, &b));
	}
	diag_clear(&diag);
}

void fuzz_one(const char *text, size_t length)
{
	struct payload_reader reader = payload_wire_reader(&options);
	read_peer(&reader, text, length);
	read_peer_id(&reader, text, length);
	read_keys(&reader, text, length);
}
