/* SPDX-License-Identifier: Apache-2.0 */
/* The state file as the daemon's source, where files cannot be watched. */
#include "file_source.h"
#include "harness.h"
#include "scratch.h"

#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_2    "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
#define DOCUMENT "{\"peers\":[{\"id\":\"a\",\"public_key\":\"" KEY_2 "\",\"allowed_ips\":[]}]}"

int __real_inotify_init1(int flags);
int __wrap_inotify_init1(int flags);
int __real_inotify_add_watch(int fd, const char *path, uint32_t mask);
int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask);

static bool no_instances, no_watches;

/* An existing watch can be renewed; a new file cannot be watched. */
static bool is_file(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

int __wrap_inotify_init1(int flags)
{
	errno = EMFILE;
	return no_instances ? -1 : __real_inotify_init1(flags);
}

int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	errno = ENOSPC;
	return no_watches && is_file(path) ? -1 : __real_inotify_add_watch(fd, path, mask);
}

/* A daemon around the source: it records the notifications. */
struct node {
	struct scratch *scratch;
	struct scratch_path path;
	struct loop loop;
	struct loop_timer patience;
	struct manager manager;
	struct state_store store;
	struct file_source source;
	bool is_rejecting; /* the engine takes no document */
	enum fetch_outcome outcome;
	size_t peer_count;
	unsigned wishes;
	unsigned problems;
};

static void on_answered(void *impl, const struct fetch_answer *answer)
{
	struct node *node = impl;
	struct observer store = state_store_observer(&node->store);
	node->outcome = answer->outcome;
	if (answer->outcome != FETCH_DOCUMENT)
		return;
	node->peer_count = answer->document->entry_count;
	if (!node->is_rejecting)
		store.document_taken(store.impl, answer->document);
}

static void on_wish(void *impl, int64_t delay_ms)
{
	struct node *node = impl;
	node->wishes++;
	loop_stop(&node->loop);
}

static void on_log(void *sink, enum log_level level, const char *message,
	const struct log_field *fields, unsigned field_count)
{
	struct node *node = sink;
	node->problems += strcmp(message, "Problem") == 0;
}

static void impatient(void *impl)
{
	fail_msg("nothing was noticed");
}

static int set_up(void **state)
{
	struct node *node = calloc(1, sizeof *node);
	assert_non_null(node);
	scratch_make((void **)&node->scratch);
	node->path = scratch_path(node->scratch, "state.json");
	const struct manager_config config = {.logger = {.write = on_log, .sink = node}};
	const struct state_store_config store = {
		.loop = &node->loop,
		.manager = &node->manager,
		.owner = {.directory = node->scratch->directory, .source = "state.json"},
	};
	assert_int_equal(loop_init(&node->loop, NULL), 0);
	assert_int_equal(manager_init(&node->manager, &config), 0);
	state_store_init(&node->store, &store);
	no_instances = no_watches = false;
	*state = node;
	return 0;
}

static int tear_down(void **state)
{
	struct node *node = *state;
	file_source_close(&node->source);
	state_store_deinit(&node->store);
	manager_deinit(&node->manager);
	loop_deinit(&node->loop);
	scratch_clear((void **)&node->scratch);
	free(node);
	return 0;
}

static void begin_with_limit(struct node *node, size_t bytes_max)
{
	const struct file_source_config config = {
		.loop = &node->loop,
		.path = node->path.text,
		.bytes_max = bytes_max,
		.listener = {.answered = on_answered, .wants_cycle = on_wish, .impl = node},
		.store = &node->store,
		.logger = node->manager.logger,
	};
	file_source_open(&node->source, &config);
}

static void begin(struct node *node)
{
	begin_with_limit(node, 0);
}

static enum fetch_outcome fetch(struct node *node)
{
	struct source source = file_source(&node->source);
	source.fetch(source.impl);
	return node->outcome;
}

static void wish_await(struct node *node)
{
	loop_timer_set(&node->loop, &node->patience, 60 * 1000, impatient, NULL);
	assert_int_equal(loop_run(&node->loop, NULL), 0);
	loop_timer_cancel(&node->loop, &node->patience);
}

static void a_file_that_cannot_be_watched_is_still_read(void **state)
{
	struct node *node = *state;
	no_instances = true;
	scratch_write(node->scratch, "state.json", "{\"peers\":[]}");
	begin(node);
	assert_int_equal(fetch(node), FETCH_DOCUMENT);
	scratch_write(node->scratch, "state.json", DOCUMENT);
	assert_int_equal(fetch(node), FETCH_DOCUMENT);
	assert_int_equal(node->peer_count, 1);
	assert_int_equal(fetch(node), FETCH_NOT_MODIFIED);
	assert_int_equal(node->problems, 1);
}

static void a_failed_watch_is_set_as_soon_as_possible(void **state)
{
	struct node *node = *state;
	no_instances = true;
	scratch_write(node->scratch, "state.json", "{\"peers\":[]}");
	begin(node);
	no_instances = false;
	assert_int_equal(fetch(node), FETCH_DOCUMENT);
	assert_false(problem_is_raised(&node->source.watch_problem));
	scratch_write(node->scratch, "state.json", DOCUMENT);
	wish_await(node);
	assert_int_equal(fetch(node), FETCH_DOCUMENT);
}

static void the_watched_parts_of_a_path_stay_watched(void **state)
{
	struct node *node = *state;
	scratch_write(node->scratch, "state.json", "{\"peers\":[]}");
	begin(node);
	no_watches = true;
	for (int i = 0; i < 3; i++) {
		scratch_replace(node->scratch, "state.json", i % 2 ? "{\"peers\":[]}" : DOCUMENT);
		wish_await(node);
		assert_int_equal(fetch(node), FETCH_DOCUMENT);
	}
	assert_int_equal(node->problems, 1);
	no_watches = false;
	assert_int_equal(fetch(node), FETCH_NOT_MODIFIED);
	assert_false(problem_is_raised(&node->source.watch_problem));
}

static void an_invalid_text_is_rejected_each_time_and_read_once(void **state)
{
	struct node *node = *state;
	scratch_write(node->scratch, "state.json", "{\"peers\":");
	begin(node);
	assert_int_equal(fetch(node), FETCH_FAILED);
	assert_int_equal(fetch(node), FETCH_FAILED);
	scratch_write(node->scratch, "state.json", DOCUMENT);
	wish_await(node);
	assert_int_equal(fetch(node), FETCH_DOCUMENT);
}

static void a_text_over_the_limit_is_rejected(void **state)
{
	struct node *node = *state;
	scratch_write(node->scratch, "state.json", DOCUMENT);
	begin_with_limit(node, strlen(DOCUMENT) - 1);
	assert_int_equal(fetch(node), FETCH_FAILED);
	file_source_close(&node->source);
	begin_with_limit(node, strlen(DOCUMENT));
	assert_int_equal(fetch(node), FETCH_DOCUMENT);
}

static void a_state_that_could_not_be_stored_is_read_again_until_it_is(void **state)
{
	struct node *node = *state;
	/* A directory blocks the temporary file of the cached state. */
	scratch_mkdir(node->scratch, ".last_state.json.new");
	scratch_write(node->scratch, "state.json", DOCUMENT);
	begin(node);
	assert_int_equal(fetch(node), FETCH_DOCUMENT);
	assert_int_equal(fetch(node), FETCH_DOCUMENT);
	scratch_rename(node->scratch, ".last_state.json.new", "away");
	assert_int_equal(fetch(node), FETCH_DOCUMENT);
	assert_true(scratch_has(node->scratch, "last_state.json"));
	assert_int_equal(fetch(node), FETCH_NOT_MODIFIED);
	assert_int_equal(node->problems, 1);
}

static void a_state_is_stored_when_the_engine_takes_it(void **state)
{
	struct node *node = *state;
	struct cached_state found;
	scratch_write(node->scratch, "state.json", DOCUMENT);
	begin(node);
	assert_int_equal(fetch(node), FETCH_DOCUMENT);
	node->is_rejecting = true;
	scratch_write(node->scratch, "state.json", "{\"peers\":[]}");
	assert_int_equal(fetch(node), FETCH_DOCUMENT);
	assert_int_equal(
		state_store_file_load(&node->store.cache, &node->source.config.wire, &found, NULL),
		0);
	assert_int_equal(found.document.entry_count, 1);
	cached_state_clear(&found);
	/* The engine gets it again until it does. */
	node->is_rejecting = false;
	assert_int_equal(fetch(node), FETCH_DOCUMENT);
	assert_int_equal(fetch(node), FETCH_NOT_MODIFIED);
	assert_int_equal(
		state_store_file_load(&node->store.cache, &node->source.config.wire, &found, NULL),
		0);
	assert_int_equal(found.document.entry_count, 0);
	cached_state_clear(&found);
}

/* A state is checked when it is read, so each of these differs from the one before. */
static void a_state_that_others_may_read_has_no_preshared_keys_or_is_warned_of(void **state)
{
	static const struct {
		mode_t mode;
		bool has_psk, is_said;
	} files[] = {{0600, true, false}, {0604, true, true}, {0644, false, false},
		{0604, true, true}, {0640, true, false}};
	struct node *node = *state;
	char text[256];
	scratch_write(node->scratch, "state.json", "{\"peers\":[]}");
	begin(node);
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		snprintf(text, sizeof text,
			"{\"peers\":[{\"id\":\"%zu\",\"public_key\":\"" KEY_2
			"\",\"allowed_ips\":[],\"psk\":\"%s\"}]}",
			i, files[i].has_psk ? KEY_2 : "");
		scratch_write(node->scratch, "state.json", text);
		scratch_chmod(node->scratch, "state.json", files[i].mode);
		assert_int_equal(fetch(node), FETCH_DOCUMENT);
		assert_int_equal(
			problem_is_raised(&node->source.secrecy_problem), files[i].is_said);
	}
	assert_int_equal(node->problems, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_file_that_cannot_be_watched_is_still_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_failed_watch_is_set_as_soon_as_possible, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			the_watched_parts_of_a_path_stay_watched, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			an_invalid_text_is_rejected_each_time_and_read_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_text_over_the_limit_is_rejected, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_state_that_could_not_be_stored_is_read_again_until_it_is, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			a_state_is_stored_when_the_engine_takes_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_state_that_others_may_read_has_no_preshared_keys_or_is_warned_of, set_up,
			tear_down),
	};
	return cmocka_run_group_tests_name("file_source", tests, NULL, NULL);
}
