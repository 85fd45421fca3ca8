/* SPDX-License-Identifier: Apache-2.0 */
/* The diff: two sorted tables in, three sorted operation lists out. */
#include "harness.h"

#include "executor.h"
#include "world.h"

#define NOW_S 1000000
#define NOW   ((struct moment){.wall_ns = NOW_S * INT64_C(1000000000)})

/* An operation without addresses, so that two diffs can be compared by bytes. */
struct op_image {
	uint32_t kind, fields;
	int32_t desired_at, actual_at; /* places in the tables; -1: none */
};

struct diff_image {
	size_t remove_count, update_count, add_count, unchanged_count;
	struct op_image ops[32];
};

static struct diff_image image_of(const struct peer_table *desired, const struct peer_table *actual)
{
	const struct endpoint_history memory = {0};
	struct diff_image image;
	struct peer_diff diff = {0};
	memset(&image, 0, sizeof image);
	assert_int_equal(diff_compute(desired, actual, &memory, NOW, &diff), 0);
	image.remove_count = diff.remove_count;
	image.update_count = diff.update_count;
	image.add_count = diff.add_count;
	image.unchanged_count = diff.unchanged_count;
	for (size_t i = 0; i < peer_diff_op_count(&diff); i++) {
		const struct peer_op *op = &diff.ops[i];
		image.ops[i] = (struct op_image){
			.kind = op->kind,
			.fields = op->fields,
			.desired_at = op->desired ? (int32_t)(op->desired - desired->peers) : -1,
			.actual_at = op->actual ? (int32_t)(op->actual - actual->peers) : -1,
		};
	}
	peer_diff_clear(&diff);
	return image;
}

static void append(struct peer_table *table, unsigned char key, const char *allowed_ips)
{
	struct arena arena = {0};
	struct peer_config peer = peer_of(&arena, key, "", allowed_ips);
	assert_int_equal(peer_table_append(table, &peer), 0);
	arena_clear(&arena);
}

/* Return the Nth order of `count` things (at most 5). */
static void permutation(unsigned number, unsigned count, unsigned *ret)
{
	for (unsigned i = 0; i < count; i++)
		ret[i] = i;
	for (unsigned i = count; i > 1; i--) {
		unsigned at = number % i, kept = ret[i - 1];
		number /= i;
		ret[i - 1] = ret[at];
		ret[at] = kept;
	}
}

static void every_order_of_the_input_gives_the_same_bytes(void **state)
{
	static const struct {
		unsigned char key;
		const char *allowed_ips;
	} wanted[] = {{1, "10.0.0.1/32"}, {3, "10.0.0.3/32"}, {4, ""}, {5, "10.0.0.5/32"}},
	  there[] = {{2, "10.0.0.2/32"}, {3, "10.0.0.3/32"}, {5, "10.0.0.4/32"}, {6, ""}};
	struct diff_image first;
	for (unsigned i = 0; i < 24; i++)
		for (unsigned j = 0; j < 24; j++) {
			struct peer_table desired = {0}, actual = {0};
			unsigned x[4], y[4];
			permutation(i, 4, x);
			permutation(j, 4, y);
			for (unsigned k = 0; k < 4; k++) {
				append(&desired, wanted[x[k]].key, wanted[x[k]].allowed_ips);
				append(&actual, there[y[k]].key, there[y[k]].allowed_ips);
			}
			assert_int_equal(peer_table_seal(&desired, NULL), 0);
			assert_int_equal(peer_table_seal(&actual, NULL), 0);
			struct diff_image image = image_of(&desired, &actual);
			if (i == 0 && j == 0)
				first = image;
			assert_memory_equal(&image, &first, sizeof image);
			peer_table_clear(&desired);
			peer_table_clear(&actual);
		}
	assert_int_equal(first.remove_count, 2);
	assert_int_equal(first.update_count, 1);
	assert_int_equal(first.add_count, 2);
	assert_int_equal(first.unchanged_count, 1);
}

/*
 * Small worlds: three keys, each absent or present in one of three forms, on either side. The forms
 * differ in psk and keepalive and move a prefix from key to key.
 */
#define KEY_COUNT  3
#define FORM_COUNT 4 /* 0: absent */

static const char *form_allowed_ips(unsigned key, unsigned form)
{
	static const char *const texts[] = {
		"10.0.0.0/32,10.1.0.0/16", "10.0.0.1/32", "10.0.0.2/32"};
	return texts[form == 2 ? (key + 1) % KEY_COUNT : key];
}

static bool forms_conflict(const unsigned *forms)
{
	for (unsigned i = 0; i < KEY_COUNT; i++)
		for (unsigned j = i + 1; j < KEY_COUNT; j++)
			if (forms[i] && forms[j] &&
				form_allowed_ips(i, forms[i]) == form_allowed_ips(j, forms[j]))
				return true;
	return false;
}

static void forms_of(unsigned number, unsigned *ret)
{
	for (unsigned i = 0; i < KEY_COUNT; i++, number /= FORM_COUNT)
		ret[i] = number % FORM_COUNT;
}

static void table_of(const unsigned *forms, unsigned order_number, struct peer_table *ret)
{
	unsigned order[KEY_COUNT];
	permutation(order_number, KEY_COUNT, order);
	for (unsigned i = 0; i < KEY_COUNT; i++) {
		struct arena arena = {0};
		unsigned key = order[i], form = forms[key];
		if (!form)
			continue;
		struct peer_config peer =
			peer_of(&arena, (unsigned char)(key + 1), "", form_allowed_ips(key, form));
		peer.psk = secret_of(form == 2 ? 0x22 : 0);
		peer.persistent_keepalive_s = form == 3 ? 25 : 0;
		assert_int_equal(peer_table_append(ret, &peer), 0);
		arena_clear(&arena);
	}
	assert_int_equal(peer_table_seal(ret, NULL), 0);
}

static void assert_lists_are_sorted(const struct peer_diff *diff)
{
	const size_t ends[] = {diff->remove_count, diff->remove_count + diff->update_count,
		peer_diff_op_count(diff)};
	static const enum peer_op_kind kinds[] = {PEER_OP_REMOVE, PEER_OP_UPDATE, PEER_OP_ADD};
	for (size_t list = 0, i = 0; list < 3; list++)
		for (size_t begin = i; i < ends[list]; i++) {
			assert_int_equal(diff->ops[i].kind, kinds[list]);
			if (i > begin)
				assert_true(key_public_compare(peer_op_key(&diff->ops[i - 1]),
						    peer_op_key(&diff->ops[i])) < 0);
		}
}

/* A second way to compute the list of a key, without a walk. */
static void assert_is_classified(
	const struct peer_diff *diff, const unsigned *desired, const unsigned *actual)
{
	size_t removes = 0, updates = 0, adds = 0, unchanged = 0;
	for (unsigned i = 0; i < KEY_COUNT; i++) {
		removes += !desired[i] && actual[i];
		adds += desired[i] && !actual[i];
		updates += desired[i] && actual[i] && desired[i] != actual[i];
		unchanged += desired[i] && desired[i] == actual[i];
	}
	assert_int_equal(diff->remove_count, removes);
	assert_int_equal(diff->update_count, updates);
	assert_int_equal(diff->add_count, adds);
	assert_int_equal(diff->unchanged_count, unchanged);
}

/* Carry the lists out one by one on a device that has `actual`; then it has `desired`. */
static void assert_leads_to_desired(const struct peer_diff *diff, const struct peer_table *desired,
	const struct peer_table *actual)
{
	struct fake_controller fake = {.exists = true, .public_key = key_of(WORLD_OWN_KEY)};
	struct controller controller = fake_controller(&fake, false);
	for (size_t i = 0; i < actual->count; i++)
		fake_set_peer(&fake, &actual->peers[i]);
	struct peer_op_result *results =
		executor_run(&controller, "plexd0", diff->ops, peer_diff_op_count(diff), NULL);
	assert_non_null(results);
	for (size_t i = 0; i < peer_diff_op_count(diff); i++)
		assert_int_equal(results[i].error, 0);
	peer_op_results_free(results, peer_diff_op_count(diff));
	assert_string_equal(
		fake_peers_text(&fake).text, peers_text(desired->peers, desired->count).text);
}

static void every_small_pair_of_sets_becomes_equal_whatever_their_order(void **state)
{
	const unsigned worlds = FORM_COUNT * FORM_COUNT * FORM_COUNT;
	const struct endpoint_history memory = {0};
	unsigned tried = 0;
	for (unsigned i = 0; i < worlds; i++)
		for (unsigned j = 0; j < worlds; j++) {
			unsigned wanted[KEY_COUNT], there[KEY_COUNT];
			forms_of(i, wanted);
			forms_of(j, there);
			if (forms_conflict(wanted) || forms_conflict(there))
				continue;
			struct diff_image first;
			for (unsigned order = 0; order < 6; order++) {
				struct peer_table desired = {0}, actual = {0};
				table_of(wanted, order, &desired);
				table_of(there, 5 - order, &actual);
				struct diff_image image = image_of(&desired, &actual);
				if (order == 0)
					first = image;
				assert_memory_equal(&image, &first, sizeof image);
				peer_table_clear(&desired);
				peer_table_clear(&actual);
			}
			struct peer_table desired = {0}, actual = {0};
			struct peer_diff diff = {0};
			table_of(wanted, i % 6, &desired);
			table_of(there, j % 6, &actual);
			assert_int_equal(diff_compute(&desired, &actual, &memory, NOW, &diff), 0);
			assert_lists_are_sorted(&diff);
			assert_is_classified(&diff, wanted, there);
			assert_leads_to_desired(&diff, &desired, &actual);
			peer_diff_clear(&diff);
			peer_table_clear(&desired);
			peer_table_clear(&actual);
			tried++;
		}
	assert_true(tried > 1000);
}

/* Return `base` with the fields changed that `fields` names. */
static struct peer_config changed(
	const struct peer_config *base, unsigned fields, struct arena *arena)
{
	struct peer_config peer = *base, other = peer_of(arena, 1, "203.0.113.9:9", "10.9.0.0/16");
	if (fields & PEER_FIELD_ENDPOINT)
		peer.endpoint = other.endpoint;
	if (fields & PEER_FIELD_PSK)
		peer.psk = secret_of(0x99);
	if (fields & PEER_FIELD_PERSISTENT_KEEPALIVE)
		peer.persistent_keepalive_s = 99;
	if (fields & PEER_FIELD_ALLOWED_IPS) {
		peer.allowed_ips = other.allowed_ips;
		peer.allowed_ip_count = other.allowed_ip_count;
	}
	return peer;
}

static struct peer_config base_peer(struct arena *arena)
{
	struct peer_config peer = peer_of(arena, 1, "198.51.100.1:1", "10.0.0.1/32,10.1.0.0/16");
	peer.psk = secret_of(0x33);
	peer.persistent_keepalive_s = 25;
	return peer;
}

/* The peer is silent and new to the endpoint history, so that its endpoint counts. */
static void the_mask_names_exactly_the_fields_that_differ(void **state)
{
	const struct endpoint_history memory = {0};
	for (unsigned fields = 0; fields <= PEER_FIELDS_ALL; fields++) {
		struct arena arena = {0};
		struct peer_table desired = {0}, actual = {0};
		struct peer_diff diff = {0};
		struct peer_config there = base_peer(&arena);
		struct peer_config wanted = changed(&there, fields, &arena);
		assert_int_equal(peer_table_append(&desired, &wanted), 0);
		assert_int_equal(peer_table_append(&actual, &there), 0);
		assert_int_equal(peer_table_seal(&desired, NULL), 0);
		assert_int_equal(peer_table_seal(&actual, NULL), 0);
		assert_int_equal(diff_compute(&desired, &actual, &memory, NOW, &diff), 0);
		assert_int_equal(peer_diff_op_count(&diff), fields ? 1 : 0);
		assert_int_equal(diff.unchanged_count, fields ? 0 : 1);
		if (fields) {
			assert_int_equal(diff.ops[0].kind, PEER_OP_UPDATE);
			assert_int_equal(diff.ops[0].fields, fields);
			assert_ptr_equal(diff.ops[0].desired, &desired.peers[0]);
			assert_ptr_equal(diff.ops[0].actual, &actual.peers[0]);
		}
		assert_int_equal(peer_config_difference(&wanted, &there),
			fields & ~(unsigned)PEER_FIELD_ENDPOINT);
		peer_diff_clear(&diff);
		peer_table_clear(&desired);
		peer_table_clear(&actual);
		arena_clear(&arena);
	}
}

/* One prefix more, one less, one other, another length: each is a difference of allowed IPs. */
static void every_change_of_allowed_ips_is_seen(void **state)
{
	static const char *const sets[] = {"", "10.0.0.1/32", "10.0.0.0/31", "10.0.0.2/32",
		"10.0.0.1/32,10.0.0.2/32", "10.0.0.1/32,fd00::1/128", "fd00::1/128"};
	for (size_t i = 0; i < COUNT_OF(sets); i++)
		for (size_t j = 0; j < COUNT_OF(sets); j++) {
			struct arena arena = {0};
			struct peer_config a = peer_of(&arena, 1, "", sets[i]);
			struct peer_config b = peer_of(&arena, 1, "", sets[j]);
			assert_int_equal(peer_config_difference(&a, &b),
				i == j ? 0 : PEER_FIELD_ALLOWED_IPS);
			arena_clear(&arena);
		}
}

/* Every single bit of a psk counts. */
static void a_psk_that_differs_in_one_bit_is_a_difference(void **state)
{
	struct peer_config a = {.public_key = key_of(1), .psk = secret_of(0x33)};
	for (unsigned bit = 0; bit < 256; bit++) {
		struct peer_config b = a;
		b.psk.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(peer_config_difference(&a, &b), PEER_FIELD_PSK);
	}
}

static void a_psk_that_the_device_does_not_report_is_no_difference(void **state)
{
	struct peer_config a = {.public_key = key_of(1), .psk = secret_of(0x33)};
	struct peer_config b = {.public_key = key_of(1), .psk_is_hidden = true};
	assert_int_equal(peer_config_difference(&a, &b), 0);
	b.persistent_keepalive_s = 1;
	assert_int_equal(peer_config_difference(&a, &b), PEER_FIELD_PERSISTENT_KEEPALIVE);
}

static void ids_and_counters_are_no_difference(void **state)
{
	struct peer_config a = {.public_key = key_of(1), .id = "peer-1"};
	struct peer_config b = {.public_key = key_of(1),
		.status = {.last_handshake_s = 5, .rx_bytes = 6, .tx_bytes = 7}};
	assert_int_equal(peer_config_difference(&a, &b), 0);
}

static void two_empty_tables_need_nothing(void **state)
{
	struct peer_table desired = {0}, actual = {0};
	assert_int_equal(peer_table_seal(&desired, NULL), 0);
	assert_int_equal(peer_table_seal(&actual, NULL), 0);
	struct diff_image image = image_of(&desired, &actual), none;
	memset(&none, 0, sizeof none);
	assert_memory_equal(&image, &none, sizeof none);
	peer_table_clear(&desired);
	peer_table_clear(&actual);
}

static void a_rotated_key_is_a_remove_and_an_add(void **state)
{
	struct peer_table desired = {0}, actual = {0};
	struct peer_diff diff = {0};
	append(&desired, 12, "10.0.0.2/32");
	append(&actual, 2, "10.0.0.2/32");
	const struct endpoint_history memory = {0};
	assert_int_equal(peer_table_seal(&desired, NULL), 0);
	assert_int_equal(peer_table_seal(&actual, NULL), 0);
	assert_int_equal(diff_compute(&desired, &actual, &memory, NOW, &diff), 0);
	assert_int_equal(diff.remove_count, 1);
	assert_int_equal(diff.update_count, 0);
	assert_int_equal(diff.add_count, 1);
	assert_null(diff.ops[0].desired);
	assert_ptr_equal(diff.ops[0].actual, &actual.peers[0]);
	assert_ptr_equal(diff.ops[1].desired, &desired.peers[0]);
	assert_null(diff.ops[1].actual);
	assert_int_equal(diff.ops[1].fields, PEER_FIELDS_ALL);
	assert_leads_to_desired(&diff, &desired, &actual);
	peer_diff_clear(&diff);
	peer_table_clear(&desired);
	peer_table_clear(&actual);
}

static void operations_are_named(void **state)
{
	assert_string_equal(peer_op_kind_name(PEER_OP_REMOVE), "remove");
	assert_string_equal(peer_op_kind_name(PEER_OP_UPDATE), "update");
	assert_string_equal(peer_op_kind_name(PEER_OP_ADD), "add");
}

static void a_mesh_of_many_peers_has_as_many_operations(void **state)
{
	struct peer_table desired = {0}, actual = {0};
	const struct endpoint_history memory = {0};
	struct peer_diff diff = {0};
	for (unsigned char key = 1; key <= 200; key++)
		append(key % 2 ? &desired : &actual, key, "");
	assert_int_equal(peer_table_seal(&desired, NULL), 0);
	assert_int_equal(peer_table_seal(&actual, NULL), 0);
	assert_int_equal(diff_compute(&desired, &actual, &memory, NOW, &diff), 0);
	assert_int_equal(diff.remove_count, 100);
	assert_int_equal(diff.add_count, 100);
	for (size_t i = 0; i < 100; i++) {
		assert_int_equal(peer_op_key(&diff.ops[i])->bytes[0], 2 * i + 2);
		assert_int_equal(peer_op_key(&diff.ops[100 + i])->bytes[0], 2 * i + 1);
	}
	peer_diff_clear(&diff);
	peer_table_clear(&desired);
	peer_table_clear(&actual);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_order_of_the_input_gives_the_same_bytes),
		cmocka_unit_test(every_small_pair_of_sets_becomes_equal_whatever_their_order),
		cmocka_unit_test(the_mask_names_exactly_the_fields_that_differ),
		cmocka_unit_test(every_change_of_allowed_ips_is_seen),
		cmocka_unit_test(a_psk_that_differs_in_one_bit_is_a_difference),
		cmocka_unit_test(a_psk_that_the_device_does_not_report_is_no_difference),
		cmocka_unit_test(ids_and_counters_are_no_difference),
		cmocka_unit_test(two_empty_tables_need_nothing),
		cmocka_unit_test(a_rotated_key_is_a_remove_and_an_add),
		cmocka_unit_test(operations_are_named),
		cmocka_unit_test(a_mesh_of_many_peers_has_as_many_operations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
