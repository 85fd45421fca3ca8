/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each limit of the readers of documents and payloads: input at the limit is accepted, input over
 * it is rejected with an error that names the limit.
 */
#include "diag.h"
#include "payload_wire.h"
#include "state_wire.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEY_2     "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
#define PEER_HEAD "{\"id\":\"a\",\"public_key\":\"" KEY_2 "\",\"allowed_ips\":"
#define PEER      PEER_HEAD "[]}"

/* HEAD, UNIT so many times with commas between, TAIL. */
static char *repeat(const char *head, const char *unit, size_t count, const char *tail)
{
	size_t unit_length = strlen(unit), length = strlen(head);
	char *text = malloc(length + count * (unit_length + 1) + strlen(tail) + 1);
	assert_non_null(text);
	strcpy(text, head);
	for (size_t i = 0; i < count; i++) {
		memcpy(text + length, unit, unit_length);
		length += unit_length;
		if (i + 1 < count)
			text[length++] = ',';
	}
	strcpy(text + length, tail);
	return text;
}

static int read_document(const char *text, const struct peer_wire_options *options,
	struct state_document *ret, struct diag *diag)
{
	return state_wire_read(text, strlen(text), options, ret, diag);
}

static void the_peers_of_a_document_have_a_limit(void **state)
{
	static const struct peer_wire_options three = {.peers_max = 3};
	for (size_t count = 2; count <= 5; count++) {
		struct state_document document = {.entry_count = 77};
		struct diag diag = {0};
		char error[80] = "";
		/* Unusable entries count as well. */
		char *text = repeat("{\"peers\":[", count % 2 ? "0" : PEER, count, "]}");
		if (count > 3)
			snprintf(error, sizeof error,
				"peers: %zu entries, more than 3 (--max-peers)", count);
		assert_int_equal(
			read_document(text, &three, &document, &diag), count > 3 ? -EINVAL : 0);
		assert_string_equal(diag_text(&diag), error);
		assert_int_equal(document.entry_count, count > 3 ? 77 : count);
		if (count <= 3)
			state_document_clear(&document);
		diag_clear(&diag);
		free(text);
	}
}

static void peers_outside_of_a_document_have_the_same_limit(void **state)
{
	static const struct peer_wire_options two = {.peers_max = 2};
	struct state_document document = {0};
	struct diag diag = {0};
	assert_int_equal(state_wire_read_peers("[0,0]", 5, &two, &document, NULL), 0);
	state_document_clear(&document);
	assert_int_equal(state_wire_read_peers("[0,0,0]", 7, &two, &document, &diag), -EINVAL);
	assert_string_equal(diag_text(&diag), "peers: 3 entries, more than 2 (--max-peers)");
	diag_clear(&diag);
}

static void by_default_there_are_at_most_65536_peers(void **state)
{
	static const struct peer_wire_options defaults = {0};
	struct state_document document = {0};
	struct diag diag = {0};
	assert_int_equal(PEERS_MAX_DEFAULT, 65536);
	char *text = repeat("{\"peers\":[", "0", PEERS_MAX_DEFAULT, "]}");
	assert_int_equal(read_document(text, &defaults, &document, NULL), 0);
	assert_int_equal(document.entry_count, PEERS_MAX_DEFAULT);
	state_document_clear(&document);
	free(text);
	text = repeat("{\"peers\":[", "0", PEERS_MAX_DEFAULT + 1, "]}");
	assert_int_equal(read_document(text, &defaults, &document, &diag), -EINVAL);
	assert_string_equal(
		diag_text(&diag), "peers: 65537 entries, more than 65536 (--max-peers)");
	diag_clear(&diag);
	free(text);
}

/* The entry of a document whose only peer has so many allowed IPs. */
static void assert_allowed_ips(
	size_t count, const char *unit, const struct peer_wire_options *options, const char *error)
{
	struct state_document document = {0};
	char *text = repeat("{\"peers\":[" PEER_HEAD "[", unit, count, "]}," PEER "]}");
	assert_int_equal(read_document(text, options, &document, NULL), 0);
	assert_int_equal(document.entry_count, 2);
	if (error)
		assert_string_equal(document.entries[0].error, error);
	else
		assert_null(document.entries[0].error);
	/* It affects no other entry, and its peer can be found on the device. */
	assert_null(document.entries[1].error);
	assert_string_equal(document.entries[0].id, "a");
	assert_true(document.entries[0].has_key);
	state_document_clear(&document);
	free(text);
}

static void the_allowed_ips_of_a_peer_have_a_limit(void **state)
{
	static const struct peer_wire_options two = {.allowed_ips_max = 2}, defaults = {0};
	/* As written: prefixes that turn out equal count each. */
	assert_allowed_ips(2, "\"10.0.0.0/8\"", &two, NULL);
	assert_allowed_ips(3, "\"10.0.0.0/8\"", &two,
		"peers[0] \"a\": allowed_ips: 3 entries, more than 2 (--max-allowed-ips)");
	assert_allowed_ips(3, "[]", &two,
		"peers[0] \"a\": allowed_ips: 3 entries, more than 2 (--max-allowed-ips)");
	assert_allowed_ips(2, "[]", &two, "peers[0] \"a\": allowed_ips[0]: not a string");
	assert_int_equal(ALLOWED_IPS_MAX_DEFAULT, 1024);
	assert_allowed_ips(1024, "\"10.0.0.0/8\"", &defaults, NULL);
	assert_allowed_ips(1025, "\"10.0.0.0/8\"", &defaults,
		"peers[0] \"a\": allowed_ips: 1025 entries, more than 1024 (--max-allowed-ips)");
}

/* A document of so many peers with so many allowed IPs each, and one peer more with `last`. */
static char *prefixes_document(size_t peer_count, size_t each, size_t last)
{
	char *text;
	size_t length;
	FILE *file = open_memstream(&text, &length);
	assert_non_null(file);
	fputs("{\"peers\":[", file);
	for (size_t peer = 0; peer <= peer_count; peer++) {
		fprintf(file, "%s" PEER_HEAD "[", peer ? "," : "");
		for (size_t i = 0; i < (peer < peer_count ? each : last); i++)
			fprintf(file, "%s\"10.%zu.%zu.%zu\"", i ? "," : "", peer % 256, i / 256,
				i % 256);
		fputs("]}", file);
	}
	fputs("]}", file);
	fclose(file);
	return text;
}

static void assert_total(const struct peer_wire_options *options, size_t peer_count, size_t each,
	size_t last, const char *error)
{
	struct state_document document = {.entry_count = 77};
	struct diag diag = {0};
	char *text = prefixes_document(peer_count, each, last);
	assert_int_equal(read_document(text, options, &document, &diag), error ? -EINVAL : 0);
	assert_string_equal(diag_text(&diag), error ? error : "");
	assert_int_equal(document.entry_count, error ? 77 : peer_count + 1);
	if (!error)
		state_document_clear(&document);
	diag_clear(&diag);
	free(text);
}

static void the_allowed_ips_of_a_document_have_a_limit(void **state)
{
	static const struct peer_wire_options defaults = {0}, seven = {.allowed_ips_total_max = 7},
					      few = {.allowed_ips_max = 4,
						      .allowed_ips_total_max = 7};
	static const char over_seven[] =
		"peers: more than 7 allowed_ips in all (--max-total-allowed-ips)";
	assert_total(&seven, 3, 2, 1, NULL);
	assert_total(&seven, 3, 2, 2, over_seven);
	assert_total(&seven, 0, 0, 7, NULL);
	assert_total(&seven, 0, 0, 8, over_seven);
	/* The allowed IPs of an unusable entry do not count. */
	assert_total(&few, 3, 2, 5, NULL);
	assert_int_equal(ALLOWED_IPS_TOTAL_MAX_DEFAULT, 262144);
	assert_total(&defaults, 256, 1023, 256, NULL);
	assert_total(&defaults, 256, 1023, 257,
		"peers: more than 262144 allowed_ips in all (--max-total-allowed-ips)");
}

static void allowed_ips_that_are_the_same_count_once_in_all(void **state)
{
	static const struct peer_wire_options one = {.allowed_ips_total_max = 1};
	assert_allowed_ips(3, "\"10.0.0.0/8\"", &one, NULL);
}

static void a_document_read_without_limits_is_checked_against_them(void **state)
{
	static const struct peer_wire_options defaults = {0};
	static const struct {
		struct peer_wire_options limits;
		const char *error;
	} cases[] = {
		{{0}, ""},
		{{.peers_max = 3, .allowed_ips_max = 5, .allowed_ips_total_max = 9}, ""},
		{{.peers_max = 2}, "peers: 3 entries, more than 2 (--max-peers)"},
		{{.allowed_ips_max = 4},
			"allowed_ips: 5 entries of one peer, more than 4 (--max-allowed-ips)"},
		{{.allowed_ips_total_max = 8},
			"peers: 9 allowed_ips in all, more than 8 (--max-total-allowed-ips)"},
		{{.peers_max = 1, .allowed_ips_total_max = 1},
			"peers: 3 entries, more than 1 (--max-peers); "
			"peers: 9 allowed_ips in all, more than 1 (--max-total-allowed-ips)"},
	};
	char *text = prefixes_document(2, 2, 5);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct peer_wire_options unlimited = peer_wire_options_unlimited(&cases[i].limits);
		struct state_document document = {0};
		struct diag diag = {0};
		assert_int_equal(read_document(text, &unlimited, &document, NULL), 0);
		assert_int_equal(state_wire_check_limits(&document, &cases[i].limits, &diag),
			*cases[i].error ? -E2BIG : 0);
		assert_string_equal(diag_text(&diag), cases[i].error);
		state_document_clear(&document);
		diag_clear(&diag);
	}
	free(text);
	text = repeat("{\"peers\":[", "0", PEERS_MAX_DEFAULT + 1, "]}");
	struct peer_wire_options unlimited = peer_wire_options_unlimited(&defaults);
	struct state_document document = {0};
	assert_int_equal(read_document(text, &unlimited, &document, NULL), 0);
	assert_int_equal(state_wire_check_limits(&document, &defaults, NULL), -E2BIG);
	state_document_clear(&document);
	free(text);
}

static void an_event_with_too_many_allowed_ips_is_rejected(void **state)
{
	static const struct peer_wire_options two = {.allowed_ips_max = 2};
	struct payload_reader reader = payload_wire_reader(&two);
	for (size_t count = 2; count <= 3; count++) {
		struct arena arena = {0};
		struct peer_entry entry = {0};
		struct diag diag = {0};
		char *text = repeat(PEER_HEAD "[", "\"10.0.0.0/8\"", count, "]}");
		assert_int_equal(
			reader.read_peer(reader.impl, text, strlen(text), &arena, &entry, &diag),
			count == 2 ? 0 : -EINVAL);
		assert_string_equal(
			diag_text(&diag), count == 2 ? ""
						     : "\"a\": allowed_ips: 3 entries, more than 2 "
						       "(--max-allowed-ips)");
		diag_clear(&diag);
		arena_clear(&arena);
		free(text);
	}
}

static void an_id_has_at_most_255_bytes(void **state)
{
	static const struct peer_wire_options defaults = {0};
	struct payload_reader reader = payload_wire_reader(&defaults);
	for (int length = 255; length <= 256; length++) {
		struct state_document document = {0};
		struct arena arena = {0};
		struct diag diag = {0};
		const char *id = NULL;
		char *text;
		bool is_over = length == 256;
		assert_true(asprintf(&text,
				    "{\"peers\":[{\"id\":\"%0*d\",\"public_key\":\"" KEY_2
				    "\",\"allowed_ips\":[]}]}",
				    length, 7) > 0);
		assert_int_equal(read_document(text, &defaults, &document, NULL), 0);
		assert_int_equal(document.entries[0].error != NULL, is_over);
		if (is_over)
			assert_non_null(strstr(document.entries[0].error,
				": id: 256 bytes, at most 255 are allowed"));
		state_document_clear(&document);
		free(text);
		assert_true(asprintf(&text, "{\"peer_id\":\"%0*d\"}", length, 7) > 0);
		assert_int_equal(
			reader.read_peer_id(reader.impl, text, strlen(text), &arena, &id, &diag),
			is_over ? -EINVAL : 0);
		assert_string_equal(diag_text(&diag),
			is_over ? "peer_id: 256 bytes, at most 255 are allowed" : "");
		diag_clear(&diag);
		arena_clear(&arena);
		free(text);
	}
}

static void unknown_members_are_listed_up_to_a_limit_and_counted_beyond(void **state)
{
	static const struct peer_wire_options defaults = {0};
	for (size_t count = UNKNOWN_MEMBERS_MAX; count <= UNKNOWN_MEMBERS_MAX + 3; count += 3) {
		struct state_document document = {0};
		char *text = repeat("{\"peers\":[", "{\"x\":1}", count, "]}");
		assert_int_equal(read_document(text, &defaults, &document, NULL), 0);
		assert_int_equal(document.unknown_member_count, 1024);
		assert_string_equal(document.unknown_members[1023], "peers[1023].x");
		assert_int_equal(document.further_unknown_count, count - 1024);
		state_document_clear(&document);
		free(text);
	}
}

/* What the readers allocated. */
static size_t allocated_bytes;

void *__real_arena_alloc(struct arena *arena, size_t size);
void *__wrap_arena_alloc(struct arena *arena, size_t size);

void *__wrap_arena_alloc(struct arena *arena, size_t size)
{
	allocated_bytes += size;
	return __real_arena_alloc(arena, size);
}

static void a_value_in_place_of_a_text_is_not_built(void **state)
{
	static const struct peer_wire_options defaults = {0};
	static const char *const heads[] = {"{\"peers\":[{\"psk\":[", "{\"peers\":[{\"id\":[[",
		"{\"peers\":[{\"public_key\":\"" KEY_2 "\",\"id\":\"a\",\"allowed_ips\":[["};
	static const char *const tails[] = {"]}]}", "]]}]}", "]]}]}"};
	static const char *const errors[] = {"peers[0]: psk: not a string",
		"peers[0]: id: not a string", "peers[0] \"a\": allowed_ips[0]: not a string"};
	allocated_bytes = 0;
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		struct state_document document = {0};
		char *text = repeat(heads[i], "[]", 1000000, tails[i]);
		assert_int_equal(read_document(text, &defaults, &document, NULL), 0);
		assert_string_equal(document.entries[0].error, errors[i]);
		state_document_clear(&document);
		free(text);
	}
	assert_int_not_equal(allocated_bytes, 0);
	assert_true(allocated_bytes < 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_peers_of_a_document_have_a_limit),
		cmocka_unit_test(peers_outside_of_a_document_have_the_same_limit),
		cmocka_unit_test(by_default_there_are_at_most_65536_peers),
		cmocka_unit_test(the_allowed_ips_of_a_peer_have_a_limit),
		cmocka_unit_test(the_allowed_ips_of_a_document_have_a_limit),
		cmocka_unit_test(allowed_ips_that_are_the_same_count_once_in_all),
		cmocka_unit_test(a_document_read_without_limits_is_checked_against_them),
		cmocka_unit_test(an_event_with_too_many_allowed_ips_is_rejected),
		cmocka_unit_test(an_id_has_at_most_255_bytes),
		cmocka_unit_test(unknown_members_are_listed_up_to_a_limit_and_counted_beyond),
		cmocka_unit_test(a_value_in_place_of_a_text_is_not_built),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
