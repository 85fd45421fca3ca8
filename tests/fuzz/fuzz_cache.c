/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cached state: its two files, with a line "--" between them. What was loaded can be stored and
 * loads again as the same, and no error contains a preshared key.
 */
#include "describe.h"
#include "diag.h"
#include "fuzz.h"
#include "json_scan.h"
#include "state_store_file.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static const struct peer_wire_options options = {.allow_host_names = true};

static struct state_store_file cache_begin(void)
{
	const struct state_store_file_owner owner = {
		.directory = fuzz_directory(), .node_id = "node-1", .source = "/f"};
	struct state_store_file cache;
	state_store_file_init(&cache, &owner);
	return cache;
}

/* No fuzzer finds a hash, so one of the right length is corrected. */
static void document_fit(char *text, size_t length)
{
	struct json_span whole, document, hash;
	uint8_t bytes[STATE_STORE_FILE_HASH];
	char hex[2 * STATE_STORE_FILE_HASH + 1];
	if (json_scan_document(text, length, &whole, NULL) != 0 ||
		json_span_kind(whole) != JSON_OBJECT ||
		!json_span_find_member(whole, "document", &document) ||
		!json_span_find_member(whole, "hash", &hash) || hash.length != sizeof hex + 1)
		return;
	crypto_generichash(
		bytes, sizeof bytes, (const uint8_t *)document.text, document.length, NULL, 0);
	sodium_bin2hex(hex, sizeof hex, bytes, sizeof bytes);
	memcpy(text + (hash.text - text) + 1, hex, sizeof hex - 1);
}

static void describe_cached(struct description *to, const struct cached_state *state)
{
	describe_state(to, &state->document);
	for (size_t i = 0; i < state->peers.name_count; i++) {
		const struct peer_name *name = &state->peers.names[i];
		describe_bytes(to, name->id, strlen(name->id));
		describe_bytes(to, name->public_key.bytes, KEY_BYTES);
	}
	for (size_t i = 0; i < state->peers.pending.count; i++) {
		const struct pending_peer *peer = state->peers.pending.peers[i];
		describe_bytes(to, peer->id, strlen(peer->id));
		if (!peer->removed)
			describe_entry(to, &peer->entry);
	}
}

static void round_trip(const struct cached_state *state, struct json_span document)
{
	struct state_store_file cache = cache_begin();
	struct cached_state again;
	struct description a = {0}, b = {0};
	const struct peer_names names = {
		.names = state->peers.names, .count = state->peers.name_count};
	const struct state_store_peers peers = {&state->peers.pending, &names};
	FUZZ_HOLDS(state_store_file_store_document(
			   &cache, document.text, document.length, &peers, NULL) == 0);
	FUZZ_HOLDS(state_store_file_store_peers(&cache, &peers, NULL) == 0);
	cache = cache_begin();
	FUZZ_HOLDS(state_store_file_load(&cache, &options, &again, NULL) == 0);
	/* Events that cannot be read stay as they are until there are new ones. */
	FUZZ_HOLDS(!again.fault || state->fault);
	describe_cached(&a, state);
	describe_cached(&b, &again);
	FUZZ_HOLDS(descriptions_match(&a, &b));
	cached_state_clear(&again);
}

static void load(const char *text, size_t length, bool has_secret)
{
	struct state_store_file cache = cache_begin();
	struct cached_state state = {.fault = (char *)&state};
	struct diag diag = {0};
	fuzz_write("last_state.json", text, length);
	int error = state_store_file_load(&cache, &options, &state, &diag);
	if (error) {
		FUZZ_HOLDS(state.fault == (char *)&state && !cache.has_document);
		FUZZ_HOLDS(*diag_text(&diag));
		FUZZ_HOLDS(!has_secret || !fuzz_says_secret(diag_text(&diag)));
	} else {
		struct json_span whole, document = {0};
		FUZZ_HOLDS(!has_secret || !fuzz_says_secret(state.fault));
		FUZZ_HOLDS(json_scan_document(text, length, &whole, NULL) == 0);
		json_span_find_member(whole, "document", &document);
		round_trip(&state, document);
		cached_state_clear(&state);
	}
	diag_clear(&diag);
}

void fuzz_one(const char *text, size_t length)
{
	struct fuzz_part rest = {text, length}, first = fuzz_cut(&rest, "\n--\n");
	bool has_secret = fuzz_has_secret(text, length, "\"psk\":\"");
	char *state = fuzz_copy(first.text, first.length);
	document_fit(state, first.length);
	fuzz_write("last_events.json", rest.text, rest.length);
	load(state, first.length, has_secret);
	free(state);
}
