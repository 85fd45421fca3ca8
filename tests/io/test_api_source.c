/* SPDX-License-Identifier: Apache-2.0 */
/* The state as the daemon fetches it, and what all calls to the control plane share. */
#include "api_source.h"
#include "node_fixture.h"

#define MINUTE_MS (60 * 1000)
#define KEY_2     "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
#define PEER_A    "{'id':'a','public_key':'" KEY_2 "','allowed_ips':['10.0.0.2']}"

/* The last result of the source. */
static struct {
	unsigned answers;
	enum fetch_outcome outcome;
	size_t peer_count;
	char error[256];
	int64_t wanted_ms;
	unsigned recoveries;
} told;

static struct api_source source;
static struct state_store store;

static void on_answered(void *impl, const struct fetch_answer *answer)
{
	told.answers++;
	told.outcome = answer->outcome;
	told.peer_count =
		answer->outcome == FETCH_DOCUMENT ? answer->document->entry_count : SIZE_MAX;
	snprintf(told.error, sizeof told.error, "%s",
		answer->outcome == FETCH_FAILED ? answer->error : "");
	told.wanted_ms = -1;
	if (answer->outcome != FETCH_DOCUMENT)
		return;
	/* As the engine does. */
	struct pending_events *pending = &store.config.manager->pending;
	pending_events_fetch_done(pending, pending->fetch_order);
	state_store_observer(&store).document_taken(&store, answer->document);
}

static void on_wanted(void *impl, int64_t delay_ms)
{
	told.wanted_ms = delay_ms;
}

static void on_recovered(void *impl)
{
	told.recoveries++;
}

static int set_up(void **state)
{
	node_set_up(state);
	struct node_fixture *node = *state;
	const struct state_store_config store_config = {
		.loop = &node->loop,
		.manager = &node->manager,
		.owner = {.directory = node->scratch->directory, .node_id = "n1", .source = "x"},
	};
	const struct api_source_config config = {
		.plane = &node->plane,
		.listener = {.answered = on_answered, .wants_cycle = on_wanted},
		.wire = node->wire,
		.store = &store,
		.recovered = on_recovered,
	};
	state_store_init(&store, &store_config);
	api_source_init(&source, &config);
	memset(&told, 0, sizeof told);
	return 0;
}

static int tear_down(void **state)
{
	api_source_deinit(&source);
	state_store_deinit(&store);
	return node_tear_down(state);
}

static bool has_answered(void *impl)
{
	return told.answers > *(unsigned *)impl;
}

static void fetch(struct node_fixture *node)
{
	unsigned before = told.answers;
	api_source(&source).fetch(&source);
	node_wait(node, has_answered, &before);
	assert_int_equal(told.answers, before + 1);
}

static void document_set(struct node_fixture *node, const char *text)
{
	char body[1024];
	snprintf(body, sizeof body, "%s", text);
	for (char *next = body; *next; next++)
		if (*next == '\'')
			*next = '"';
	plane_process_tell(&node->process, "PUT", "/nodes/n1/state", "%s", body);
}

static bool knows(struct node_fixture *node, const char *count)
{
	return node_plane_knows(node, "/counters", count);
}

static void an_unchanged_state_is_not_sent_again(void **state)
{
	struct node_fixture *node = *state;
	document_set(node, "{'peers':[" PEER_A "]}");
	fetch(node);
	assert_int_equal(told.outcome, FETCH_DOCUMENT);
	assert_int_equal(told.peer_count, 1);
	fetch(node);
	assert_int_equal(told.outcome, FETCH_NOT_MODIFIED);
	assert_true(knows(node, "\"state 200\":1,\"state 304\":1"));
}

static void an_unusable_state_is_fetched_again(void **state)
{
	struct node_fixture *node = *state;
	document_set(node, "{'peers':[]}");
	fetch(node);
	document_set(node, "{'peers':1}");
	for (int i = 0; i < 2; i++) {
		fetch(node);
		assert_int_equal(told.outcome, FETCH_FAILED);
		assert_contains(told.error, "peers");
	}
	assert_true(knows(node, "\"state 200\":3"));
	/* The document before it, which is still in force, is new again. */
	document_set(node, "{'peers':[]}");
	fetch(node);
	assert_int_equal(told.outcome, FETCH_DOCUMENT);
	fetch(node);
	assert_int_equal(told.outcome, FETCH_NOT_MODIFIED);
}

static void a_state_that_could_not_be_stored_is_fetched_again(void **state)
{
	struct node_fixture *node = *state;
	/* A directory blocks the temporary file of the cached state. */
	scratch_mkdir(node->scratch, ".last_state.json.new");
	document_set(node, "{'peers':[]}");
	for (int i = 0; i < 2; i++) {
		fetch(node);
		assert_int_equal(told.outcome, FETCH_DOCUMENT);
	}
	scratch_rename(node->scratch, ".last_state.json.new", "away");
	fetch(node);
	assert_int_equal(told.outcome, FETCH_DOCUMENT);
	assert_true(scratch_has(node->scratch, "last_state.json"));
	fetch(node);
	assert_int_equal(told.outcome, FETCH_NOT_MODIFIED);
}

static void a_state_without_an_etag_is_not_read_twice_either(void **state)
{
	struct node_fixture *node = *state;
	node_fault(node, "'mode':'body','text':'{\\'peers\\':[]}'");
	for (int i = 0; i < 3; i++) {
		fetch(node);
		assert_int_equal(told.outcome, i ? FETCH_NOT_MODIFIED : FETCH_DOCUMENT);
	}
	node_fault(node, "'mode':'body','text':'{\\'peers\\': []}'");
	fetch(node);
	assert_int_equal(told.outcome, FETCH_DOCUMENT);
	assert_false(node_plane_knows(node, "/requests", "If-None-Match"));
}

/* A crash before the end of the cycle must not restore a peer that an event removed meanwhile. */
static void an_event_during_the_fetch_is_stored_with_the_document(void **state)
{
	struct node_fixture *node = *state;
	struct pending_events *pending = &node->manager.pending;
	struct cached_state found;
	struct state_store_file cache;
	document_set(node, "{'peers':[" PEER_A "]}");
	assert_int_equal(pending_events_remove(pending, "before"), 0);
	pending_events_fetch_begin(pending);
	assert_int_equal(pending_events_remove(pending, "a"), 0);
	fetch(node);
	state_store_file_init(&cache, &store.cache.owner);
	assert_int_equal(state_store_file_load(&cache, &node->wire, &found, NULL), 0);
	assert_int_equal(found.document.entry_count, 1);
	assert_int_equal(found.peers.pending.count, 1);
	assert_true(pending_events_find(&found.peers.pending, "a")->removed);
	cached_state_clear(&found);
}

static void a_reload_fetches_the_whole_document(void **state)
{
	struct node_fixture *node = *state;
	document_set(node, "{'peers':[]}");
	for (int i = 0; i < 2; i++) {
		fetch(node);
		assert_int_equal(told.outcome, FETCH_DOCUMENT);
		api_source(&source).reload(&source);
	}
	assert_true(knows(node, "\"state 200\":2"));
}

static void after_a_failure_requests_wait_and_cycles_do_not(void **state)
{
	struct node_fixture *node = *state;
	node_fault(node, "'mode':'status','status':500");
	fetch(node);
	assert_int_equal(told.outcome, FETCH_FAILED);
	assert_true(told.wanted_ms >= 750 && told.wanted_ms <= 1250);
	for (int i = 0; i < 3; i++) {
		fetch(node);
		assert_string_equal(told.error, "status 500");
		assert_true(told.wanted_ms > 0 && told.wanted_ms <= 1250);
	}
	assert_true(knows(node, "\"state 500\":1"));
	/* An answer to another call is a reason to fetch at once. */
	api_source_retry_now(&source);
	assert_int_equal(told.wanted_ms, 0);
	fetch(node);
	assert_true(knows(node, "\"state 500\":2"));
	assert_true(told.wanted_ms >= 1500 && told.wanted_ms <= 2500);
	node_tell(node, "DELETE", "/faults", "");
	assert_int_equal(told.recoveries, 0);
	api_source_retry_now(&source);
	for (int i = 0; i < 2; i++) {
		fetch(node);
		assert_int_equal(told.recoveries, 1);
		/* And none to fetch sooner than usual. */
		api_source_retry_now(&source);
		assert_int_equal(told.wanted_ms, -1);
	}
}

static void a_pause_that_the_control_plane_asks_for_is_kept(void **state)
{
	struct node_fixture *node = *state;
	node_fault(node, "'mode':'status','status':429,'headers':{'Retry-After':'90'}");
	fetch(node);
	assert_int_equal(told.wanted_ms, 90000);
	api_source_retry_now(&source);
	fetch(node);
	assert_true(told.wanted_ms > MINUTE_MS);
	assert_true(knows(node, "\"state 429\":1"));
	/* A reload by the operator counts more. */
	api_source(&source).reload(&source);
	fetch(node);
	assert_true(knows(node, "\"state 429\":2"));
}

static void a_fetch_under_way_at_the_end_is_cancelled(void **state)
{
	struct node_fixture *node = *state;
	node_fault(node, "'mode':'stall'");
	api_source(&source).fetch(&source);
	node_run_for(node, 100);
	assert_int_equal(told.answers, 0);
	api_source_deinit(&source);
	/* A call now would fail. */
	plane_process_tell(&node->process, "POST", "/down", "{}");
	node_run_for(node, 200);
	plane_process_tell(&node->process, "POST", "/up", "{}");
	assert_int_equal(told.answers, 0);
	api_source_init(&source, &(struct api_source_config){.plane = &node->plane});
}

static void a_rejected_token_is_a_problem_until_no_call_is_rejected(void **state)
{
	struct node_fixture *node = *state;
	const struct api_result refused = {
		.outcome = API_OUTCOME_UNAUTHORIZED, .error = "status 401"};
	const struct api_result accepted = {.outcome = API_OUTCOME_OK, .error = ""};
	for (int i = 0; i < 10; i++) {
		control_plane_note(&node->plane, PLANE_CALL_STATE, &refused);
		control_plane_note(&node->plane, PLANE_CALL_HEARTBEAT, &accepted);
	}
	assert_int_equal(node_logged(node, "node token"), 1);
	control_plane_note(&node->plane, PLANE_CALL_STATE, &accepted);
	assert_int_equal(node_logged(node, "Problem resolved subsystem=node token"), 1);
}

static void a_rejected_token_is_read_again(void **state)
{
	struct node_fixture *node = *state;
	const struct api_result refused = {
		.outcome = API_OUTCOME_UNAUTHORIZED, .error = "status 401"};
	scratch_write(node->scratch, "node_secret_key", "new-token\n");
	control_plane_note(&node->plane, PLANE_CALL_STATE, &refused);
	assert_string_equal(node->plane.token, "new-token");
	/* An unreadable token file leaves the old token in use, and is logged once. */
	scratch_chmod(node->scratch, "node_secret_key", 0644);
	for (int i = 0; i < 3; i++)
		control_plane_note(&node->plane, PLANE_CALL_STATE, &refused);
	assert_string_equal(node->plane.token, "new-token");
	assert_int_equal(node_logged(node, "node_secret_key: others may read"), 1);
	assert_int_equal(node_logged(node, "new-token"), 0);
}

/* The token in use may be accepted while its file cannot be read. */
static void a_token_that_is_accepted_does_not_make_its_file_readable(void **state)
{
	struct node_fixture *node = *state;
	const struct api_result accepted = {.outcome = API_OUTCOME_OK, .error = ""};
	scratch_chmod(node->scratch, "node_secret_key", 0644);
	control_plane_reload(&node->plane);
	for (int i = 0; i < 3; i++)
		control_plane_note(&node->plane, PLANE_CALL_STATE, &accepted);
	assert_int_equal(node_logged(node, "node_secret_key: others may read"), 1);
	assert_int_equal(node_logged(node, "node token"), 1);
	scratch_chmod(node->scratch, "node_secret_key", 0600);
	control_plane_note(&node->plane, PLANE_CALL_STATE, &accepted);
	assert_int_equal(node_logged(node, "Problem resolved subsystem=node token"), 1);
}

static void clock_is(struct node_fixture *node, int64_t ahead_s)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	const struct api_result result = {.error = "",
		.has_server_date = true,
		.server_date_ns = (now.tv_sec - ahead_s) * INT64_C(1000000000)};
	control_plane_note(&node->plane, PLANE_CALL_STATE, &result);
}

static void a_clock_at_the_limit_is_not_logged_again_and_again(void **state)
{
	struct node_fixture *node = *state;
	clock_is(node, 58);
	assert_int_equal(node_logged(node, "clock"), 0);
	for (int i = 0; i < 5; i++) {
		clock_is(node, 63);
		clock_is(node, 47);
	}
	assert_int_equal(node_logged(node, "clock"), 1);
	clock_is(node, -70);
	assert_int_equal(node_logged(node, "more than a minute behind"), 1);
	clock_is(node, 0);
	assert_int_equal(node_logged(node, "clock"), 3);
}

/* As from a load balancer before two control planes of which one has a wrong clock. */
static void a_clock_that_jumps_back_and_forth_does_not_fill_the_log(void **state)
{
	struct node_fixture *node = *state;
	for (int i = 0; i < 2880; i++)
		clock_is(node, i % 2 ? 0 : 120);
	assert_true(node_logged(node, "clock") <= 12);
	assert_true(problem_is_raised(&node->plane.clock_problem) == false);
	assert_true(node->plane.clock_problem.timer.is_set);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_unchanged_state_is_not_sent_again),
		TEST(an_unusable_state_is_fetched_again),
		TEST(a_state_that_could_not_be_stored_is_fetched_again),
		TEST(a_state_without_an_etag_is_not_read_twice_either),
		TEST(an_event_during_the_fetch_is_stored_with_the_document),
		TEST(a_reload_fetches_the_whole_document),
		TEST(after_a_failure_requests_wait_and_cycles_do_not),
		TEST(a_pause_that_the_control_plane_asks_for_is_kept),
		TEST(a_fetch_under_way_at_the_end_is_cancelled),
		TEST(a_rejected_token_is_a_problem_until_no_call_is_rejected),
		TEST(a_rejected_token_is_read_again),
		TEST(a_token_that_is_accepted_does_not_make_its_file_readable),
		TEST(a_clock_at_the_limit_is_not_logged_again_and_again),
		TEST(a_clock_that_jumps_back_and_forth_does_not_fill_the_log),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
