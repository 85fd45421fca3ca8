/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the daemon when out of memory: an error, and another attempt succeeds. */
#include "harness.h"

#include "config_file.h"
#include "failing_memory.h"
#include "scratch.h"
#include "state_file.h"
#include "state_store_file.h"

#include <sodium.h>

#define KEY_2 "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
#define DOCUMENT                                                                                   \
	"{\"peers\":[{\"id\":\"a\",\"public_key\":\"" KEY_2 "\",\"allowed_ips\":[\"10.0.0.2\"]}]}"

static int config_set(void *impl, const char *name, const char *text, struct diag *diag)
{
	return 0;
}

static int try_config(void *scratch)
{
	static const struct config_member members[] = {{"mtu", CONFIG_NUMBER}};
	struct config_schema schema = {.members = members, .count = 1, .set = config_set};
	return config_file_read(scratch_path(scratch, "config").text, &schema, NULL);
}

static void a_configuration_is_read_or_not(void **state)
{
	scratch_write(*state, "config", "{\"mtu\":1420}");
	fail_each_allocation(try_config, *state);
}

static int try_watch(void *scratch)
{
	struct path_watch watch;
	struct scratch_path path = scratch_path(scratch, "a/b/f");
	bool changed;
	int error = path_watch_open(&watch, path.text, NULL);
	if (!error) {
		scratch_chmod(scratch, "f", 0600);
		error = path_watch_take(&watch, &changed, NULL);
		assert_true(changed);
	}
	path_watch_close(&watch);
	return error;
}

static void a_path_is_watched_or_not(void **state)
{
	scratch_mkdir(*state, "a");
	scratch_link(*state, "a/b", "../././././././././././././././.");
	scratch_write(*state, "f", "");
	fail_each_allocation(try_watch, *state);
}

static int try_state_file(struct scratch *scratch)
{
	struct state_file file;
	struct file_text text = {0};
	enum state_file_outcome outcome;
	struct scratch_path path = scratch_path(scratch, "f");
	int error = state_file_open(&file, path.text, 0, NULL);
	if (!error)
		error = state_file_read(&file, &outcome, &text, NULL);
	if (!error)
		error = state_file_reject(&file, "broken");
	if (error == 0)
		assert_int_equal(state_file_read(&file, &outcome, &text, NULL), -EINVAL);
	file_text_clear(&text);
	state_file_close(&file);
	/* Reading again allocates too. */
	return error;
}

static void a_state_file_is_read_or_not(void **state)
{
	scratch_write(*state, "f", DOCUMENT);
	bool has_failed = true;
	for (unsigned spared = 0; has_failed && spared < 2; spared++) {
		failing_memory_arm(spared, false);
		int error = try_state_file(*state);
		has_failed = failing_memory_disarm();
		assert_int_equal(error, has_failed ? -ENOMEM : 0);
	}
	assert_int_equal(try_state_file(*state), 0);
}

static void cache_begin(struct state_store_file *cache, const struct scratch *scratch)
{
	struct state_store_file_owner owner = {
		.directory = scratch->directory, .node_id = "node-1", .source = "/f"};
	state_store_file_init(cache, &owner);
}

static struct peer_name name_list[] = {{.id = (char *)"a"}};
static const struct peer_names names = {.names = name_list, .count = 1};

static int try_store(void *scratch)
{
	struct state_store_file cache;
	struct pending_events none = {0}, pending = {0};
	cache_begin(&cache, scratch);
	int error = pending_events_remove(&pending, "b");
	if (!error)
		error = state_store_file_store_document(&cache, DOCUMENT, strlen(DOCUMENT),
			&(struct state_store_peers){&none, &names}, NULL);
	if (!error)
		error = state_store_file_store_peers(
			&cache, &(struct state_store_peers){&pending, &names}, NULL);
	pending_events_clear(&pending);
	return error;
}

static int try_load(void *scratch)
{
	static const struct peer_wire_options options;
	struct state_store_file cache;
	struct cached_state found = {.fault = (char *)1};
	cache_begin(&cache, scratch);
	int error = state_store_file_load(&cache, &options, &found, NULL);
	if (error) {
		assert_ptr_equal(found.fault, (char *)1);
		assert_false(cache.has_document);
		return error;
	}
	assert_int_equal(found.document.entry_count, 1);
	/* Newer events without memory are left out, and that is reported. */
	if (!found.fault)
		assert_int_equal(found.peers.pending.count, 1);
	cached_state_clear(&found);
	return 0;
}

static void a_state_is_stored_or_not(void **state)
{
	name_list[0].public_key = key_of(2);
	fail_each_allocation(try_store, *state);
	fail_each_allocation(try_load, *state);
}

#define MEMORY_TEST(name) cmocka_unit_test_setup_teardown(name, scratch_make, scratch_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MEMORY_TEST(a_configuration_is_read_or_not),
		MEMORY_TEST(a_path_is_watched_or_not),
		MEMORY_TEST(a_state_file_is_read_or_not),
		MEMORY_TEST(a_state_is_stored_or_not),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
