/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an event is accepted. Signatures are simulated: one is valid if it repeats the key. */
#include "harness.h"

#include "pending_events.h"
#include "verifier.h"

#include <stdio.h>

#define NOW_NS   (INT64_C(1772366400) * 1000000000)
#define SECOND   INT64_C(1000000000)
#define CURRENT  0x11
#define PREVIOUS 0x22

static unsigned check_count;

/* Both clocks advance alike; the machine was booted a day ago. */
static struct moment at(int64_t wall_ns)
{
	return (struct moment){wall_ns, wall_ns - NOW_NS + 86400 * SECOND};
}

static bool check(void *impl, const struct key_public *key, const char *message, size_t length,
	const uint8_t signature[SIGNATURE_BYTES])
{
	check_count++;
	assert_int_equal(length, 9);
	assert_memory_equal(message, "canonical", 9);
	for (size_t i = 0; i < SIGNATURE_BYTES; i++)
		if (signature[i] != key->bytes[0])
			return false;
	return true;
}

static int verifier_setup(void **state)
{
	struct verifier *verifier = calloc(1, sizeof *verifier);
	struct signing_keys keys = {.current = key_of(CURRENT)};
	if (!verifier)
		return -1;
	verifier_init(
		verifier, &(struct verifier_config){.check = {.verify = check}, .keys = keys});
	check_count = 0;
	*state = verifier;
	return 0;
}

static int verifier_teardown(void **state)
{
	verifier_deinit(*state);
	free(*state);
	return 0;
}

static struct envelope_text text_of(const char *text)
{
	return (struct envelope_text){text, text ? strlen(text) : 0};
}

static struct envelope signed_by(unsigned char key, const char *nonce)
{
	struct envelope envelope = {
		.event_type = text_of("peer_added"),
		.event_id = text_of("evt-1"),
		.nonce = text_of(nonce),
		.payload = text_of("null"),
		.has_issued_at = true,
		.issued_at_ns = NOW_NS,
		.has_signature = true,
		.signature_is_sound = true,
		.canonical = text_of("canonical"),
	};
	memset(envelope.signature, key, sizeof envelope.signature);
	return envelope;
}

static void assert_verdict_at(struct verifier *verifier, const struct envelope *envelope,
	int64_t now_ns, enum verdict verdict, const char *text)
{
	struct diag diag = {0};
	assert_int_equal(verifier_check(verifier, envelope, at(now_ns), &diag), verdict);
	assert_int_equal(strncmp(diag_text(&diag), text, strlen(text)), 0);
	diag_clear(&diag);
}

static void assert_verdict(struct verifier *verifier, const struct envelope *envelope,
	enum verdict verdict, const char *text)
{
	assert_verdict_at(verifier, envelope, NOW_NS, verdict, text);
}

static void an_event_signed_by_the_current_key_is_accepted(void **state)
{
	struct envelope envelope = signed_by(CURRENT, "n1");
	assert_verdict(*state, &envelope, VERDICT_ACCEPTED, "");
}

static void a_field_that_is_absent_or_empty_is_rejected_and_named(void **state)
{
	struct envelope envelope = signed_by(CURRENT, "n1");
	envelope.event_type = text_of("");
	assert_verdict(*state, &envelope, VERDICT_MALFORMED, "malformed");
	envelope.event_type = text_of(NULL);
	assert_verdict(*state, &envelope, VERDICT_MALFORMED, "malformed");
	envelope = signed_by(CURRENT, "n1");
	envelope.event_id = text_of("");
	assert_verdict(*state, &envelope, VERDICT_MISSING_FIELD, "missing event_id");
	envelope = signed_by(CURRENT, "n1");
	envelope.nonce = text_of(NULL);
	assert_verdict(*state, &envelope, VERDICT_MISSING_FIELD, "missing nonce");
	envelope = signed_by(CURRENT, "n1");
	envelope.has_issued_at = false;
	assert_verdict(*state, &envelope, VERDICT_MISSING_FIELD, "missing issued_at");
	envelope = signed_by(CURRENT, "n1");
	envelope.has_signature = envelope.signature_is_sound = false;
	assert_verdict(*state, &envelope, VERDICT_MISSING_FIELD, "missing signature");
	assert_int_equal(check_count, 0);
}

static void an_event_counts_for_five_minutes_to_either_side(void **state)
{
	static const struct {
		int64_t age_ns;
		enum verdict verdict;
		const char *text;
	} rows[] = {
		{300 * SECOND, VERDICT_ACCEPTED, ""},
		{300 * SECOND + 1, VERDICT_STALE, "stale"},
		{-300 * SECOND, VERDICT_ACCEPTED, ""},
		{-300 * SECOND - 1, VERDICT_FUTURE, "future"},
		{INT64_C(5000000000) * SECOND, VERDICT_STALE, "stale"},
		{-INT64_C(5000000000) * SECOND, VERDICT_FUTURE, "future"},
	};
	static const char *const nonces[] = {"a", "b", "c", "d", "e", "f"};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct envelope envelope = signed_by(CURRENT, nonces[i]);
		envelope.issued_at_ns = NOW_NS - rows[i].age_ns;
		assert_verdict(*state, &envelope, rows[i].verdict, rows[i].text);
	}
}

static void a_signature_by_an_unknown_key_is_rejected(void **state)
{
	struct envelope envelope = signed_by(0x33, "n1");
	assert_verdict(*state, &envelope, VERDICT_BAD_SIGNATURE, "bad signature");
	envelope = signed_by(CURRENT, "n1");
	envelope.signature[63] ^= 1;
	assert_verdict(*state, &envelope, VERDICT_BAD_SIGNATURE, "bad signature");
}

static void a_signature_that_is_no_base64_of_64_bytes_is_a_bad_one(void **state)
{
	struct envelope envelope = signed_by(CURRENT, "n1");
	envelope.signature_is_sound = false;
	assert_verdict(*state, &envelope, VERDICT_BAD_SIGNATURE, "bad signature");
	assert_int_equal(check_count, 0);
}

static void without_keys_every_event_is_rejected(void **state)
{
	struct verifier verifier;
	struct envelope envelope = signed_by(0, "n1"); /* what an all-zero key would sign */
	verifier_init(&verifier, &(struct verifier_config){.check = {.verify = check}});
	assert_verdict(&verifier, &envelope, VERDICT_BAD_SIGNATURE, "bad signature");
	envelope = signed_by(CURRENT, "n1");
	assert_verdict(&verifier, &envelope, VERDICT_BAD_SIGNATURE, "bad signature");
	verifier_deinit(&verifier);
}

static void the_previous_key_counts_before_the_transition_ends(void **state)
{
	struct verifier *verifier = *state;
	struct signing_keys keys = {.current = key_of(CURRENT),
		.previous = key_of(PREVIOUS),
		.has_previous = true,
		.transition_expires_ns = NOW_NS};
	verifier_rotate_keys(verifier, &keys, 1);
	struct envelope envelope = signed_by(PREVIOUS, "n1");
	assert_verdict_at(verifier, &envelope, NOW_NS, VERDICT_BAD_SIGNATURE, "bad signature");
	assert_verdict_at(verifier, &envelope, NOW_NS - 1, VERDICT_ACCEPTED, "");
	envelope = signed_by(CURRENT, "n2");
	assert_verdict(verifier, &envelope, VERDICT_ACCEPTED, "");
}

static void a_previous_key_without_an_end_of_transition_is_none(void **state)
{
	struct verifier *verifier = *state;
	struct signing_keys keys = {.current = key_of(CURRENT), .previous = key_of(PREVIOUS)};
	verifier_rotate_keys(verifier, &keys, 1);
	struct envelope envelope = signed_by(PREVIOUS, "n1");
	assert_verdict(verifier, &envelope, VERDICT_BAD_SIGNATURE, "bad signature");
}

static void a_nonce_is_good_for_one_event(void **state)
{
	struct envelope envelope = signed_by(CURRENT, "n1");
	assert_verdict(*state, &envelope, VERDICT_ACCEPTED, "");
	envelope.event_id = text_of("evt-2");
	assert_verdict(*state, &envelope, VERDICT_DUPLICATE_NONCE, "duplicate nonce");
	envelope.nonce = text_of("n2");
	assert_verdict(*state, &envelope, VERDICT_ACCEPTED, "");
}

static void a_forgery_does_not_use_up_a_nonce(void **state)
{
	struct envelope forgery = signed_by(0x33, "n1"), envelope = signed_by(CURRENT, "n1");
	assert_verdict(*state, &forgery, VERDICT_BAD_SIGNATURE, "bad signature");
	assert_verdict(*state, &envelope, VERDICT_ACCEPTED, "");
}

static void a_nonce_is_remembered_as_long_as_its_event_could_be_replayed(void **state)
{
	struct envelope envelope = signed_by(CURRENT, "n1");
	envelope.issued_at_ns = NOW_NS + 300 * SECOND; /* at once, and for good */
	assert_verdict(*state, &envelope, VERDICT_ACCEPTED, "");
	for (int64_t s = 0; s <= 600; s += 60)
		assert_verdict_at(*state, &envelope, NOW_NS + s * SECOND, VERDICT_DUPLICATE_NONCE,
			"duplicate nonce");
	assert_verdict_at(*state, &envelope, NOW_NS + 600 * SECOND + 1, VERDICT_STALE, "stale");
}

static void a_nonce_that_can_no_longer_be_replayed_is_forgotten(void **state)
{
	struct verifier *verifier = *state;
	char nonce[16];
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(nonce, sizeof nonce, "n%u", i);
		struct envelope envelope = signed_by(CURRENT, nonce);
		envelope.issued_at_ns = NOW_NS + i * SECOND;
		assert_verdict_at(verifier, &envelope, envelope.issued_at_ns, VERDICT_ACCEPTED, "");
	}
	assert_true(verifier->nonces.count <= 302);
	assert_null(nonce_store_find(&verifier->nonces, "n0", 2, at(NOW_NS + 999 * SECOND)));
	assert_non_null(nonce_store_find(&verifier->nonces, "n999", 4, at(NOW_NS + 999 * SECOND)));
}

/* No accepted event is accepted again to make room for others. */
static void without_room_for_its_nonce_an_event_is_rejected(void **state)
{
	struct verifier *verifier = *state;
	struct envelope first = signed_by(CURRENT, "n1"), second = signed_by(CURRENT, "n2");
	struct envelope third = signed_by(CURRENT, "n3"), forgery = signed_by(0x33, "n4");
	static const char no_room[] = "too many events: the limit of 2 nonces is reached";
	verifier->nonces.max = 2;
	assert_verdict(verifier, &first, VERDICT_ACCEPTED, "");
	assert_verdict(verifier, &second, VERDICT_ACCEPTED, "");
	for (int i = 0; i < 100; i++) {
		assert_verdict(verifier, &third, VERDICT_NO_ROOM, no_room);
		assert_verdict(verifier, &first, VERDICT_DUPLICATE_NONCE, "duplicate nonce");
		assert_verdict(verifier, &forgery, VERDICT_BAD_SIGNATURE, "bad signature");
	}
	/* It may still be accepted: the cursor must not pass it. */
	assert_false(verdict_is_final(VERDICT_NO_ROOM));
	third.issued_at_ns += 290 * SECOND;
	assert_verdict_at(
		verifier, &third, NOW_NS + 300 * SECOND, VERDICT_NO_ROOM, "too many events");
	assert_verdict_at(verifier, &third, NOW_NS + 301 * SECOND, VERDICT_ACCEPTED, "");
}

static void a_nonce_has_at_most_128_bytes(void **state)
{
	char text[NONCE_BYTES_MAX + 2];
	memset(text, 'n', sizeof text);
	text[NONCE_BYTES_MAX] = '\0';
	struct envelope envelope = signed_by(CURRENT, text);
	assert_int_equal(envelope.nonce.length, 128);
	assert_verdict(*state, &envelope, VERDICT_ACCEPTED, "");
	envelope.nonce.length++;
	assert_verdict(*state, &envelope, VERDICT_MALFORMED,
		"malformed: nonce: 129 bytes, at most 128 are allowed");
	assert_true(verdict_is_final(VERDICT_MALFORMED));
}

/* Each envelope also has all errors that come later in the order. */
static void the_checks_come_in_their_order(void **state)
{
	struct verifier *verifier = *state;
	struct envelope seen = signed_by(CURRENT, "n1");
	assert_verdict(verifier, &seen, VERDICT_ACCEPTED, "");
	struct envelope envelope = signed_by(0x33, "n1");
	envelope.issued_at_ns = NOW_NS - 400 * SECOND;
	envelope.event_type = envelope.event_id = text_of("");
	assert_verdict(verifier, &envelope, VERDICT_MALFORMED, "malformed");
	envelope.event_type = text_of("x");
	assert_verdict(verifier, &envelope, VERDICT_MISSING_FIELD, "missing event_id");
	envelope.event_id = text_of("e");
	assert_verdict(verifier, &envelope, VERDICT_STALE, "stale");
	envelope.issued_at_ns = NOW_NS + 400 * SECOND;
	assert_verdict(verifier, &envelope, VERDICT_FUTURE, "future");
	envelope.issued_at_ns = NOW_NS;
	assert_verdict(verifier, &envelope, VERDICT_BAD_SIGNATURE, "bad signature");
	memset(envelope.signature, CURRENT, sizeof envelope.signature);
	assert_verdict(verifier, &envelope, VERDICT_DUPLICATE_NONCE, "duplicate nonce");
}

static void nonces_may_hold_any_bytes(void **state)
{
	struct envelope first = signed_by(CURRENT, "n"), second = first, third = first;
	first.nonce = (struct envelope_text){"a\0b", 3};
	second.nonce = (struct envelope_text){"a\0c", 3};
	third.nonce = (struct envelope_text){"a", 1};
	assert_verdict(*state, &first, VERDICT_ACCEPTED, "");
	assert_verdict(*state, &second, VERDICT_ACCEPTED, "");
	assert_verdict(*state, &third, VERDICT_ACCEPTED, "");
	assert_verdict(*state, &first, VERDICT_DUPLICATE_NONCE, "duplicate nonce");
}

static unsigned char current_of(const struct verifier *verifier)
{
	return verifier->keys.current.bytes[0];
}

/* The order is that of the pending events and fetches. */
static void keys_of_a_state_count_if_its_fetch_began_after_the_last_rotation(void **state)
{
	struct verifier *verifier = *state;
	struct pending_events pending = {0};
	struct signing_keys two = {.current = key_of(2)}, three = {.current = key_of(3)};
	struct signing_keys four = {.current = key_of(4)};
	uint64_t early = pending_events_fetch_begin(&pending);
	verifier_rotate_keys(verifier, &two, pending_events_count(&pending));
	assert_int_equal(current_of(verifier), 2);
	verifier_take_keys(verifier, &three, early);
	assert_int_equal(current_of(verifier), 2);
	uint64_t late = pending_events_fetch_begin(&pending);
	verifier_take_keys(verifier, &three, late);
	assert_int_equal(current_of(verifier), 3);
	verifier_rotate_keys(verifier, &four, pending_events_count(&pending));
	assert_int_equal(current_of(verifier), 4);
	verifier_take_keys(verifier, &three, late);
	assert_int_equal(current_of(verifier), 4);
	pending_events_clear(&pending);
}

static void the_first_keys_may_come_with_a_state(void **state)
{
	struct verifier verifier;
	struct pending_events pending = {0};
	struct signing_keys keys = {.current = key_of(CURRENT)};
	verifier_init(&verifier, &(struct verifier_config){.check = {.verify = check}});
	verifier_take_keys(&verifier, &keys, pending_events_fetch_begin(&pending));
	struct envelope envelope = signed_by(CURRENT, "n1");
	assert_verdict(&verifier, &envelope, VERDICT_ACCEPTED, "");
	verifier_deinit(&verifier);
	pending_events_clear(&pending);
}

static void other_keys_do_not_free_the_nonces(void **state)
{
	struct verifier *verifier = *state;
	struct envelope envelope = signed_by(CURRENT, "n1");
	struct signing_keys keys = {.current = key_of(CURRENT)};
	assert_verdict(verifier, &envelope, VERDICT_ACCEPTED, "");
	verifier_rotate_keys(verifier, &keys, 1);
	assert_verdict(verifier, &envelope, VERDICT_DUPLICATE_NONCE, "duplicate nonce");
}

static void the_cursor_passes_events_that_were_verified_or_stay_rejected(void **state)
{
	assert_true(verdict_is_final(VERDICT_ACCEPTED));
	assert_true(verdict_is_final(VERDICT_MALFORMED));
	assert_true(verdict_is_final(VERDICT_MISSING_FIELD));
	assert_true(verdict_is_final(VERDICT_STALE));
	assert_true(verdict_is_final(VERDICT_DUPLICATE_NONCE));
	assert_true(verdict_is_final(VERDICT_SUPERSEDED));
	assert_false(verdict_is_final(VERDICT_FUTURE));
	assert_false(verdict_is_final(VERDICT_BAD_SIGNATURE)); /* the right key may still come */
	assert_false(verdict_is_final(VERDICT_FAULT));
}

/* The wall clock was ahead and was corrected: no event that was handled is accepted again. */
static void no_jump_of_the_wall_clock_frees_a_nonce(void **state)
{
	struct envelope envelope = signed_by(CURRENT, "n1"), other = signed_by(CURRENT, "n2");
	struct moment now = at(NOW_NS);
	assert_int_equal(verifier_check(*state, &envelope, now, NULL), VERDICT_ACCEPTED);
	for (int64_t ahead_s = -7200; ahead_s <= 7200; ahead_s += 60) {
		struct moment jumped = {now.wall_ns + ahead_s * SECOND, now.boot_ns + SECOND};
		verifier_expire(*state, jumped);
		assert_int_equal(verifier_check(*state, &envelope, at(NOW_NS + 2 * SECOND), NULL),
			VERDICT_DUPLICATE_NONCE);
	}
	/* The clock was ahead when the event came. */
	struct moment ahead = {now.wall_ns + 240 * SECOND, now.boot_ns};
	assert_int_equal(verifier_check(*state, &other, ahead, NULL), VERDICT_ACCEPTED);
	for (int64_t s = 0; s <= 300; s += 60) {
		verifier_expire(*state, at(NOW_NS + s * SECOND));
		assert_int_equal(verifier_check(*state, &other, at(NOW_NS + s * SECOND), NULL),
			VERDICT_DUPLICATE_NONCE);
	}
}

static enum verdict take_turn_at(
	struct verifier *verifier, const char *id, int64_t issued_s, int64_t now_s)
{
	return verifier_take_turn(
		verifier, id, NOW_NS + issued_s * SECOND, at(NOW_NS + now_s * SECOND), NULL);
}

static void an_older_event_about_the_same_peer_is_superseded(void **state)
{
	struct diag diag = {0};
	assert_int_equal(take_turn_at(*state, "a", 10, 20), 0);
	assert_int_equal(take_turn_at(*state, "a", 9, 20), VERDICT_SUPERSEDED);
	assert_int_equal(take_turn_at(*state, "a", 10, 20), 0);
	assert_int_equal(take_turn_at(*state, "b", 9, 20), 0);
	assert_int_equal(take_turn_at(*state, "", 9, 20), 0);
	assert_int_equal(take_turn_at(*state, "a", 11, 20), 0);
	assert_int_equal(take_turn_at(*state, "a", 10, 20), VERDICT_SUPERSEDED);
	assert_int_equal(
		verifier_take_turn(*state, "a", NOW_NS, at(NOW_NS), &diag), VERDICT_SUPERSEDED);
	assert_string_equal(diag_text(&diag), "superseded: a newer event was handled");
	/* Within the window around the newest. */
	assert_int_equal(take_turn_at(*state, "a", 10, 311), VERDICT_SUPERSEDED);
	assert_int_equal(take_turn_at(*state, "a", 10, 312), 0);
	verifier_expire(*state, at(NOW_NS + 1000 * SECOND));
	assert_int_equal(((struct verifier *)*state)->newest.count, 0);
	diag_clear(&diag);
}

/* A verifier with each record as it is stored, as after a restart. */
static void restore(void *impl, const struct trust_record *record)
{
	assert_int_equal(verifier_restore(impl, record), 0);
}

static void assert_knows_it_all(struct verifier *verifier)
{
	struct envelope seen = signed_by(2, "n1"), old = signed_by(CURRENT, "n2");
	struct envelope previous = signed_by(PREVIOUS, "n3");
	assert_verdict(verifier, &seen, VERDICT_DUPLICATE_NONCE, "duplicate nonce");
	assert_verdict(verifier, &old, VERDICT_BAD_SIGNATURE, "bad signature");
	assert_verdict(verifier, &previous, VERDICT_ACCEPTED, "");
	assert_int_equal(take_turn_at(verifier, "a", 9, 20), VERDICT_SUPERSEDED);
	assert_int_equal(take_turn_at(verifier, "b", 8, 20), 0);
}

static void stored_records_are_known_to_the_next_process(void **state)
{
	struct verifier *verifier = *state, next, later;
	struct envelope envelope = signed_by(CURRENT, "n1");
	struct signing_keys three = {.current = key_of(3)};
	struct signing_keys two = {.current = key_of(2),
		.previous = key_of(PREVIOUS),
		.has_previous = true,
		.transition_expires_ns = NOW_NS + 1};
	verifier_init(&next, &(struct verifier_config){.check = {.verify = check}});
	verifier_init(&later, &(struct verifier_config){.check = {.verify = check}, .keys = three});
	verifier->store = (struct trust_store){.write = restore, .impl = &next};
	assert_verdict(verifier, &envelope, VERDICT_ACCEPTED, "");
	verifier_rotate_keys(verifier, &three, 1);
	verifier_take_keys(verifier, &two, 2);
	assert_int_equal(take_turn_at(verifier, "a", 9, 20), 0);
	assert_int_equal(take_turn_at(verifier, "a", 10, 20), 0);
	assert_int_equal(take_turn_at(verifier, "b", 8, 20), 0);
	verifier_write_all(&next, (struct trust_store){.write = restore, .impl = &later});
	assert_knows_it_all(&next);
	assert_knows_it_all(&later);
	verifier_deinit(&next);
	verifier_deinit(&later);
}

static void nonces_over_the_limit_are_restored(void **state)
{
	struct verifier *verifier = *state;
	struct envelope seen = signed_by(CURRENT, "n2"), fresh = signed_by(CURRENT, "n3");
	verifier->nonces.max = 1;
	for (unsigned i = 1; i <= 2; i++) {
		char text[] = {'n', (char)('0' + i), '\0'};
		struct trust_record record = {
			.kind = TRUST_NONCE, .text = text, .length = 2, .until = at(NOW_NS)};
		assert_int_equal(verifier_restore(verifier, &record), 0);
	}
	assert_verdict(verifier, &seen, VERDICT_DUPLICATE_NONCE, "duplicate nonce");
	assert_verdict(verifier, &fresh, VERDICT_NO_ROOM, "too many events");
}

#define VERIFIER_TEST(name) cmocka_unit_test_setup_teardown(name, verifier_setup, verifier_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		VERIFIER_TEST(an_event_signed_by_the_current_key_is_accepted),
		VERIFIER_TEST(a_field_that_is_absent_or_empty_is_rejected_and_named),
		VERIFIER_TEST(an_event_counts_for_five_minutes_to_either_side),
		VERIFIER_TEST(a_signature_by_an_unknown_key_is_rejected),
		VERIFIER_TEST(a_signature_that_is_no_base64_of_64_bytes_is_a_bad_one),
		VERIFIER_TEST(without_keys_every_event_is_rejected),
		VERIFIER_TEST(the_previous_key_counts_before_the_transition_ends),
		VERIFIER_TEST(a_previous_key_without_an_end_of_transition_is_none),
		VERIFIER_TEST(a_nonce_is_good_for_one_event),
		VERIFIER_TEST(a_forgery_does_not_use_up_a_nonce),
		VERIFIER_TEST(a_nonce_is_remembered_as_long_as_its_event_could_be_replayed),
		VERIFIER_TEST(a_nonce_that_can_no_longer_be_replayed_is_forgotten),
		VERIFIER_TEST(without_room_for_its_nonce_an_event_is_rejected),
		VERIFIER_TEST(a_nonce_has_at_most_128_bytes),
		VERIFIER_TEST(the_checks_come_in_their_order),
		VERIFIER_TEST(nonces_may_hold_any_bytes),
		VERIFIER_TEST(keys_of_a_state_count_if_its_fetch_began_after_the_last_rotation),
		VERIFIER_TEST(the_first_keys_may_come_with_a_state),
		VERIFIER_TEST(other_keys_do_not_free_the_nonces),
		VERIFIER_TEST(no_jump_of_the_wall_clock_frees_a_nonce),
		VERIFIER_TEST(an_older_event_about_the_same_peer_is_superseded),
		VERIFIER_TEST(stored_records_are_known_to_the_next_process),
		VERIFIER_TEST(nonces_over_the_limit_are_restored),
		VERIFIER_TEST(the_cursor_passes_events_that_were_verified_or_stay_rejected),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
