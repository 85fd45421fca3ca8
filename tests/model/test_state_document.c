/* SPDX-License-Identifier: Apache-2.0 */
/* Values that hold other values: state document, device, identity, envelope. */
#include "harness.h"

#include "device.h"
#include "envelope.h"
#include "identity.h"
#include "secret_memory.h"
#include "state_document.h"

static void entries_stay_in_document_order(void **state)
{
	struct state_document document = {0};
	for (unsigned i = 0; i < 200; i++) {
		struct peer_entry *entry = state_document_append(&document);
		struct peer_entry zero = {0};
		assert_non_null(entry);
		assert_memory_equal(entry, &zero, sizeof zero);
		entry->config.persistent_keepalive_s = (uint16_t)(200 - i);
	}
	assert_int_equal(document.entry_count, 200);
	for (unsigned i = 0; i < 200; i++)
		assert_int_equal(document.entries[i].config.persistent_keepalive_s, 200 - i);
	state_document_clear(&document);
}

static void a_cleared_document_is_empty_and_can_be_used_anew(void **state)
{
	struct state_document document = {0}, zero = {0};
	struct peer_entry *entry = state_document_append(&document);
	assert_non_null(entry);
	entry->id = arena_strndup(&document.arena, "peer-2", 6);
	document.has_signing_keys = true;
	state_document_clear(&document);
	assert_memory_equal(&document, &zero, sizeof zero);
	assert_non_null(state_document_append(&document));
	state_document_clear(&document);
	state_document_clear(&document);
}

static void a_device_holds_the_addresses_it_was_given(void **state)
{
	struct device device = {0}, zero = {0};
	for (unsigned i = 0; i < 50; i++) {
		struct prefix address = prefix_of("10.0.0.1/32");
		address.ip.bytes[3] = (uint8_t)i;
		assert_int_equal(device_add_address(&device, &address), 0);
	}
	assert_int_equal(device.address_count, 50);
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(device.addresses[i].ip.bytes[3], i);
	device_clear(&device);
	assert_memory_equal(&device, &zero, sizeof zero);
}

static void an_identity_has_the_id_that_it_was_given(void **state)
{
	char id[] = "node-1";
	struct identity identity = {.node_id = id}, nameless = {0};
	assert_true(identity_has_id(&identity, "node-1"));
	assert_false(identity_has_id(&identity, "node-10"));
	assert_false(identity_has_id(&identity, NULL));
	assert_false(identity_has_id(&nameless, "node-1"));
	assert_false(identity_has_id(&nameless, NULL));
}

static void a_cleared_identity_holds_no_key(void **state)
{
	struct identity identity = {.node_id = strdup("node-1"), .private_key = secret_of(0x5a)};
	struct identity zero = {0};
	identity_clear(&identity);
	assert_memory_equal(&identity, &zero, sizeof zero);
	identity_clear(&identity);
}

static void a_cleared_envelope_is_empty(void **state)
{
	struct envelope envelope = {0}, zero = {0};
	envelope.nonce.text = arena_strndup(&envelope.arena, "n1", 2);
	envelope.nonce.length = 2;
	envelope_clear(&envelope);
	assert_memory_equal(&envelope, &zero, sizeof zero);
}

static void a_document_reports_whether_it_holds_a_preshared_key(void **state)
{
	struct state_document document = {0};
	assert_false(state_document_has_psk(&document));
	assert_non_null(state_document_append(&document));
	assert_non_null(state_document_append(&document));
	assert_false(state_document_has_psk(&document));
	document.entries[1].config.psk = secret_of(7);
	assert_true(state_document_has_psk(&document));
	state_document_clear(&document);
}

static int taken_count, given_back_count;

static void *count_alloc(size_t size)
{
	taken_count++;
	return calloc(1, size);
}

static void count_free(void *memory, size_t size)
{
	given_back_count++;
	free(memory);
}

static void secrets_come_from_the_allocator_of_the_process(void **state)
{
	static const struct secret_memory_source source = {
		.alloc = count_alloc, .free = count_free};
	secret_memory_use(&source);
	secret_free(secret_alloc(8), 8);
	assert_int_equal(taken_count, 1);
	assert_int_equal(given_back_count, 1);
	secret_memory_use(NULL);
	void *nothing = secret_alloc(0);
	assert_non_null(nothing);
	secret_free(nothing, 0);
	assert_int_equal(taken_count, 1);
}

static int extended_count;
static bool can_extend;

static void *count_extend(void *memory, size_t size, size_t larger)
{
	extended_count++;
	return can_extend ? realloc(memory, larger) : NULL;
}

/* Else the block is copied, and the old one wiped and freed. */
static void an_allocator_that_can_extend_is_tried_first(void **state)
{
	static const struct secret_memory_source source = {count_alloc, count_free, count_extend};
	secret_memory_use(&source);
	taken_count = given_back_count = 0;
	char *memory = secret_grow(NULL, 0, 0, 8);
	assert_non_null(memory);
	assert_int_equal(extended_count, 0);
	strcpy(memory, "secret");
	for (int round = 1; round <= 2; round++) {
		can_extend = round == 1;
		memory = secret_grow(memory, (size_t)round * 8, 8, (size_t)round * 8 + 8);
		assert_non_null(memory);
		assert_string_equal(memory, "secret");
		assert_int_equal(extended_count, round);
		assert_int_equal(taken_count, round);
		assert_int_equal(given_back_count, round - 1);
	}
	secret_free(memory, 24);
	assert_int_equal(given_back_count, 2);
	secret_memory_use(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_stay_in_document_order),
		cmocka_unit_test(a_cleared_document_is_empty_and_can_be_used_anew),
		cmocka_unit_test(a_device_holds_the_addresses_it_was_given),
		cmocka_unit_test(an_identity_has_the_id_that_it_was_given),
		cmocka_unit_test(a_cleared_identity_holds_no_key),
		cmocka_unit_test(a_cleared_envelope_is_empty),
		cmocka_unit_test(a_document_reports_whether_it_holds_a_preshared_key),
		cmocka_unit_test(secrets_come_from_the_allocator_of_the_process),
		cmocka_unit_test(an_allocator_that_can_extend_is_tried_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
