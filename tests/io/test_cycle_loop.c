/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When cycles happen, and how they use host names: with a source that answers when the test wants,
 * and name servers that are a table.
 */
#include "cycle_loop.h"
#include "failing_memory.h"
#include "node_fixture.h"
#include "state_wire.h"

#include <netdb.h>
#include <pthread.h>
#include <stdio.h>

#define MINUTE_MS (60 * 1000)
#define KEY_2     "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
#define KEY_3     "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM="
#define TWO_PEERS(a, b)                                                                            \
	"{\"peers\":[{\"id\":\"a\",\"public_key\":\"" KEY_2 "\",\"allowed_ips\":[],"               \
	"\"endpoint\":\"" a "\"},{\"id\":\"b\",\"public_key\":\"" KEY_3                            \
	"\",\"allowed_ips\":[],\"endpoint\":\"" b "\"}]}"

/*
 * The name servers: the one address of good.example, the one of all numbered names, and a lock that
 * makes them slow.
 */
static pthread_mutex_t names_lock = PTHREAD_MUTEX_INITIALIZER;
static const char *good_address;
static unsigned asked;

int __real_getaddrinfo(
	const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **ret);
int __wrap_getaddrinfo(
	const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **ret);

int __wrap_getaddrinfo(
	const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
	static const struct addrinfo numeric = {.ai_flags = AI_NUMERICHOST};
	pthread_mutex_lock(&names_lock);
	const char *address = strcmp(node, "good.example") == 0 ? good_address
			      : node[0] == 'p'                  ? "192.0.2.9"
								: NULL;
	asked++;
	pthread_mutex_unlock(&names_lock);
	return address ? __real_getaddrinfo(address, NULL, &numeric, ret) : EAI_NONAME;
}

static pthread_t main_thread;
static struct cycle_loop cycles;
static struct reconciler reconciler;
static struct observer observer;
static unsigned fetches, ended, reloads;
static int64_t fetched_ms;
static int last_error;

static void fetch(void *impl)
{
	fetches++;
	fetched_ms = loop_now_ms();
}

static void reload(void *impl)
{
	reloads++;
}

static void on_ended(void *impl, int error)
{
	ended++;
	last_error = error;
}

static int set_up(void **state)
{
	node_set_up(state);
	struct node_fixture *node = *state;
	const struct cycle_loop_config config = {
		.loop = &node->loop,
		.reconciler = &reconciler,
		.source = {.fetch = fetch, .reload = reload},
		.interval_ms = 10 * MINUTE_MS,
		.ended = on_ended,
	};
	const struct reconciler_config reconciler_config = {
		.manager = &node->manager,
		.verifier = &node->verifier,
		.clock = node->clock,
	};
	node->wire.allow_host_names = true;
	reconciler_init(&reconciler, &reconciler_config);
	assert_int_equal(cycle_loop_init(&cycles, &config, NULL), 0);
	observer = cycle_loop_observer(&cycles);
	node->manager.observers = &observer;
	node->manager.observer_count = 1;
	node->manager.lookup = cycle_loop_lookup(&cycles);
	fetches = ended = reloads = asked = 0;
	good_address = "192.0.2.7";
	return 0;
}

static int tear_down(void **state)
{
	cycle_loop_deinit(&cycles);
	reconciler_deinit(&reconciler);
	return node_tear_down(state);
}

static bool are_fetching(void *impl)
{
	return fetches >= *(unsigned *)impl;
}

static bool have_ended(void *impl)
{
	return ended >= *(unsigned *)impl;
}

static void cycle_begin(struct node_fixture *node)
{
	unsigned wanted = fetches + 1;
	cycle_loop_want(&cycles, 0);
	node_wait(node, are_fetching, &wanted);
}

static bool is_settled(void *impl)
{
	return !cycles.finish_job.is_waiting;
}

/* And what follows at once: the end of the cycle, unless it waits for names. */
static void answer(
	struct node_fixture *node, enum fetch_outcome outcome, struct state_document *document)
{
	struct source_listener listener = cycle_loop_listener(&cycles);
	struct fetch_answer given = {.outcome = outcome, .document = document, .error = "away"};
	listener.answered(listener.impl, &given);
	node_wait(node, is_settled, NULL);
}

static struct state_document document_of(struct node_fixture *node, const char *text)
{
	struct state_document document = {0};
	assert_int_equal(state_wire_read(text, strlen(text), &node->wire, &document, NULL), 0);
	return document;
}

/* A whole cycle with that document, or "not modified". */
static void cycle(struct node_fixture *node, const char *text)
{
	unsigned wanted = ended + 1;
	cycle_begin(node);
	if (text) {
		struct state_document document = document_of(node, text);
		answer(node, FETCH_DOCUMENT, &document);
	} else {
		answer(node, FETCH_NOT_MODIFIED, NULL);
	}
	node_wait(node, have_ended, &wanted);
}

static const struct sim_peer *peer(struct node_fixture *node, unsigned char key)
{
	const struct sim_device *device =
		sim_controller_find(&node->sim, node->manager.config.interface_name);
	struct key_public public_key = key_of(key);
	return sim_device_find(device, &public_key);
}

static void assert_endpoint(struct node_fixture *node, unsigned char key, const char *text)
{
	assert_non_null(peer(node, key));
	struct endpoint wanted = endpoint_of(text);
	assert_true(endpoint_equal(&peer(node, key)->endpoint, &wanted));
}

static void a_cycle_requested_during_a_cycle_keeps_its_time(void **state)
{
	struct node_fixture *node = *state;
	cycle_begin(node);
	int64_t begun_ms = loop_now_ms();
	cycle_loop_want(&cycles, 5 * MINUTE_MS);
	cycle_loop_want(&cycles, 400);
	cycle_loop_want(&cycles, 3 * MINUTE_MS);
	answer(node, FETCH_FAILED, NULL);
	assert_int_equal(ended, 1);
	node_wait(node, are_fetching, &(unsigned){2});
	assert_true(fetched_ms - begun_ms >= 400 && fetched_ms - begun_ms < MINUTE_MS);
	answer(node, FETCH_FAILED, NULL);
	/* And no further cycle is requested for it. */
	assert_true(cycles.cycle_timer.due_ns / 1000000 - loop_now_ms() > 9 * MINUTE_MS);
}

static void a_change_during_a_cycle_causes_one_more(void **state)
{
	struct node_fixture *node = *state;
	cycle_begin(node);
	for (int i = 0; i < 3; i++)
		cycle_loop_want(&cycles, 0);
	answer(node, FETCH_FAILED, NULL);
	node_wait(node, are_fetching, &(unsigned){2});
	answer(node, FETCH_FAILED, NULL);
	node_run_for(node, 100);
	assert_int_equal(fetches, 2);
}

/* Repairs that a fetch without end would otherwise delay, again and again. */
static void a_slow_fetch_delays_no_repair(void **state)
{
	struct node_fixture *node = *state;
	cycles.slow_fetch_ms = 20;
	cycle_begin(node);
	node_wait(node, have_ended, &(unsigned){2});
	assert_int_equal(last_error, -EINPROGRESS);
	assert_int_equal(node_logged(node, "No state yet"), ended);
	struct state_document document = document_of(node, TWO_PEERS("192.0.2.2:2", "192.0.2.3:3"));
	answer(node, FETCH_DOCUMENT, &document);
	assert_int_equal(last_error, 0);
	assert_endpoint(node, 2, "192.0.2.2:2");
	cycle_begin(node);
	for (int i = 0; i < 3; i++) {
		unsigned wanted = ended + 1;
		unsigned char gone = i % 2 ? 2 : 3;
		struct key_public key = key_of(gone);
		struct sim_device *device =
			sim_controller_find(&node->sim, node->manager.config.interface_name);
		sim_device_remove_peer(device, &key);
		assert_null(peer(node, gone));
		node_wait(node, have_ended, &wanted);
		assert_non_null(peer(node, gone));
		assert_int_equal(last_error, 0);
	}
	/* One fetch all the while, which is answered in the end. */
	assert_int_equal(fetches, 2);
	unsigned before = ended;
	answer(node, FETCH_NOT_MODIFIED, NULL);
	assert_int_equal(ended, before + 1);
	node_run_for(node, 100);
	assert_int_equal(ended, before + 1);
	assert_int_equal(node_logged(node, "Problem"), 0);
}

static void a_repair_that_fails_is_logged(void **state)
{
	struct node_fixture *node = *state;
	cycle(node, TWO_PEERS("192.0.2.2:2", "192.0.2.3:3"));
	cycles.slow_fetch_ms = 20;
	cycle_begin(node);
	unsigned wanted = ended + 1;
	const struct sim_fault fault = {.op = SIM_OP_READ_DEVICE, .error = -EIO, .times = 1};
	assert_int_equal(sim_controller_fail(&node->sim, &fault), 0);
	node_wait(node, have_ended, &wanted);
	assert_int_not_equal(last_error, 0);
	assert_int_equal(node_logged(node, "Problem subsystem=cycle"), 1);
	/* One that succeeds does not resolve it. */
	wanted = ended + 1;
	node_wait(node, have_ended, &wanted);
	assert_int_not_equal(last_error, 0);
	answer(node, FETCH_NOT_MODIFIED, NULL);
	assert_int_equal(node_logged(node, "Problem resolved subsystem=cycle"), 1);
}

static void a_slow_name_server_delays_no_other_peer(void **state)
{
	struct node_fixture *node = *state;
	struct state_document document = document_of(node, TWO_PEERS("good.example:5", ""));
	cycle_begin(node);
	pthread_mutex_lock(&names_lock);
	answer(node, FETCH_DOCUMENT, &document);
	node_run_for(node, 100);
	assert_int_equal(ended, 0);
	pthread_mutex_unlock(&names_lock);
	node_wait(node, have_ended, &(unsigned){1});
	assert_int_equal(last_error, 0);
	assert_endpoint(node, 2, "192.0.2.7:5");
}

/* As in a cycle that takes long: the answer comes during it, and its repair is due. */
static bool names_answer(void *impl)
{
	struct node_fixture *node = impl;
	int64_t end_ms = loop_now_ms() + 10000;
	node->manager.pause = (struct pause){0};
	pthread_mutex_unlock(&names_lock);
	while (!cycles.repair_job.is_waiting && loop_now_ms() < end_ms)
		loop_turn(&node->loop);
	return false;
}

static void what_changes_during_a_cycle_is_repaired_by_another_right_after_it(void **state)
{
	struct node_fixture *node = *state;
	struct state_document document = document_of(node, TWO_PEERS("good.example:5", ""));
	cycle_begin(node);
	pthread_mutex_lock(&names_lock);
	answer(node, FETCH_DOCUMENT, &document);
	node->manager.pause = (struct pause){names_answer, node};
	cycles.names_timer.on_timeout(cycles.names_timer.impl);
	node_wait(node, are_fetching, &(unsigned){2});
	answer(node, FETCH_NOT_MODIFIED, NULL);
	assert_endpoint(node, 2, "192.0.2.7:5");
}

static void a_late_answer_of_a_name_server_affects_only_the_endpoint(void **state)
{
	struct node_fixture *node = *state;
	struct state_document document =
		document_of(node, TWO_PEERS("good.example:5", "192.0.2.3:3"));
	cycle_begin(node);
	pthread_mutex_lock(&names_lock);
	answer(node, FETCH_DOCUMENT, &document);
	assert_true(cycles.names_timer.is_set);
	loop_timer_set(&node->loop, &cycles.names_timer, 50, cycles.names_timer.on_timeout,
		cycles.names_timer.impl);
	node_wait(node, have_ended, &(unsigned){1});
	assert_int_equal(last_error, 0);
	assert_int_equal(
		node_logged(node, "Problem subsystem=host names error=peer \"a\": endpoint: "
				  "\"good.example\": no answer in time"),
		1);
	assert_endpoint(node, 2, "");
	assert_endpoint(node, 3, "192.0.2.3:3");
	/* The answer comes late, and causes a cycle of its own. */
	pthread_mutex_unlock(&names_lock);
	node_wait(node, are_fetching, &(unsigned){2});
	answer(node, FETCH_NOT_MODIFIED, NULL);
	assert_int_equal(last_error, 0);
	assert_endpoint(node, 2, "192.0.2.7:5");
	assert_int_equal(node_logged(node, "subsystem=host names"), 2);
}

static void an_unknown_name_affects_only_the_endpoint(void **state)
{
	struct node_fixture *node = *state;
	cycle(node, TWO_PEERS("192.0.2.2:2", "192.0.2.3:3"));
	assert_int_equal(last_error, 0);
	cycle(node, TWO_PEERS("bad.example:2", "192.0.2.33:3"));
	assert_int_equal(last_error, 0);
	assert_endpoint(node, 2, "192.0.2.2:2");
	assert_endpoint(node, 3, "192.0.2.33:3");
	cycle(node, TWO_PEERS("bad.example:2", "worse.example:3"));
	cycle(node, NULL);
	assert_endpoint(node, 3, "192.0.2.33:3");
	assert_int_equal(node_logged(node, "subsystem=host names"), 2);
	assert_int_equal(node_logged(node, "known, and 1 more"), 1);
}

/* As if its timer had expired. */
static void retry_now(struct node_fixture *node)
{
	assert_true(cycles.retry_timer.is_set);
	loop_timer_set(&node->loop, &cycles.retry_timer, 0, cycles.retry_timer.on_timeout,
		cycles.retry_timer.impl);
}

static bool are_asked(void *impl)
{
	return asked >= *(unsigned *)impl && cycles.retry_timer.is_set;
}

static void an_unknown_name_is_looked_up_until_it_is_known(void **state)
{
	struct node_fixture *node = *state;
	good_address = NULL;
	cycle(node, TWO_PEERS("good.example:5", ""));
	assert_endpoint(node, 2, "");
	retry_now(node);
	node_wait(node, are_asked, &(unsigned){2});
	assert_int_equal(fetches, 1); /* the same answer causes no cycle */
	good_address = "192.0.2.7";
	retry_now(node);
	node_wait(node, are_fetching, &(unsigned){2});
	answer(node, FETCH_FAILED, NULL); /* no other document is needed for it */
	assert_endpoint(node, 2, "192.0.2.7:5");
	assert_false(cycles.retry_timer.is_set);
}

/* As if the last answer were two minutes old. */
static void answers_age(void)
{
	for (struct name_record *name = cycles.resolver.first; name; name = name->next)
		name->answered_ms -= 2 * MINUTE_MS;
}

static struct sim_device *device(struct node_fixture *node)
{
	return sim_controller_find(&node->sim, node->manager.config.interface_name);
}

static void the_name_of_a_silent_peer_is_looked_up_again(void **state)
{
	struct node_fixture *node = *state;
	struct key_public key = key_of(2);
	cycle(node, TWO_PEERS("good.example:5", ""));
	cycle(node, NULL);
	assert_int_equal(asked, 1);
	/* A peer that nothing is sent to is not silent. */
	answers_age();
	cycle(node, NULL);
	assert_int_equal(asked, 1);
	good_address = "192.0.2.8";
	sim_device_sent(device(node), &key, 148);
	unsigned wanted = fetches + 2;
	cycle(node, NULL);
	/* The new address causes a cycle of its own. */
	node_wait(node, are_fetching, &wanted);
	answer(node, FETCH_NOT_MODIFIED, NULL);
	assert_endpoint(node, 2, "192.0.2.8:5");
	assert_int_equal(asked, 2);
	/* A peer that makes handshakes is where it is. */
	sim_device_handshake(
		device(node), &key, NULL, node->clock.now_ns(node->clock.impl) / 1000000000);
	answers_age();
	cycle(node, NULL);
	node_run_for(node, 50);
	assert_int_equal(asked, 2);
}

static void a_good_answer_stays_until_there_is_a_newer_one(void **state)
{
	struct node_fixture *node = *state;
	struct key_public key = key_of(2);
	cycle(node, TWO_PEERS("good.example:5", ""));
	good_address = NULL;
	cycle(node, NULL);
	answers_age();
	sim_device_sent(device(node), &key, 148);
	cycle(node, NULL);
	node_run_for(node, 50);
	assert_int_equal(asked, 2);
	cycle(node, NULL);
	assert_int_equal(last_error, 0);
	assert_endpoint(node, 2, "192.0.2.7:5");
}

static void unused_names_are_forgotten(void **state)
{
	struct node_fixture *node = *state;
	cycle(node, TWO_PEERS("good.example:5", "bad.example:6"));
	assert_int_equal(cycles.resolver.count, 2);
	for (unsigned i = 0; i < 3; i++) {
		cycle(node, TWO_PEERS("good.example:5", "192.0.2.3:3"));
		assert_int_equal(cycles.resolver.count, 1);
		assert_endpoint(node, 2, "192.0.2.7:5");
	}
	assert_int_equal(asked, 2);
	cycle(node, TWO_PEERS("", ""));
	assert_int_equal(cycles.resolver.count, 0);
}

/*
 * Whatever allocation fails: either the new document is in force, or the source forgets it and the
 * old one stays, with its names.
 */
static void a_document_comes_into_force_whole_or_not_at_all(void **state)
{
	static const char large[] = TWO_PEERS("p1.example:5", "good.example:6");
	static const char small[] = "{\"peers\":[{\"id\":\"c\",\"public_key\":\"" KEY_2
				    "\",\"allowed_ips\":[],\"endpoint\":\"good.example:9\"}]}";
	struct node_fixture *node = *state;
	bool has_failed = true;
	unsigned refused = 0;
	cycle(node, small);
	for (unsigned spared = 0; has_failed; spared++) {
		struct state_document document = document_of(node, large);
		unsigned reloads_before = reloads;
		cycle_begin(node);
		unsigned wanted = ended + 1;
		pthread_mutex_lock(&names_lock); /* whose threads take memory too */
		failing_memory_arm(spared, false);
		answer(node, FETCH_DOCUMENT, &document);
		has_failed = failing_memory_disarm();
		pthread_mutex_unlock(&names_lock);
		node_wait(node, have_ended, &wanted);
		state_document_clear(&document);
		assert_false(cycles.is_running);
		bool is_new = reconciler.document.entry_count == 2;
		assert_int_equal(reloads - reloads_before, !is_new);
		refused += !is_new;
		cycle(node, NULL);
		assert_int_equal(last_error, 0);
		assert_endpoint(node, 2, is_new ? "192.0.2.9:5" : "192.0.2.7:9");
		cycle(node, small);
		assert_endpoint(node, 2, "192.0.2.7:9");
		assert_null(peer(node, 3));
		/* The test is about changing back and forth. */
		convergence_clear(&reconciler.convergence);
	}
	assert_true(refused > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static bool are_answered(void *impl)
{
	for (const struct name_record *name = cycles.resolver.first; name; name = name->next)
		if (name->is_asked)
			return false;
	return true;
}

/* An event for peer "a", at that name. */
static int event(struct node_fixture *node, const char *host)
{
	char payload[200];
	snprintf(payload, sizeof payload,
		"{\"id\":\"a\",\"public_key\":\"" KEY_2
		"\",\"allowed_ips\":[],\"endpoint\":\"%s:1\"}",
		host);
	return event_dispatch(&node->dispatcher, "peer_endpoint_changed", payload, strlen(payload),
		&(struct diag){0});
}

/* Events with peers at so many different names. */
static void events_name(struct node_fixture *node, unsigned count)
{
	char host[32];
	for (unsigned i = 0; i < count; i++) {
		snprintf(host, sizeof host, "n%u.example", i);
		assert_int_equal(event(node, host), 0);
		assert_endpoint(node, 2, "");
	}
}

/* Until the names are answered and no cycle is due for them. */
static void names_settle(struct node_fixture *node)
{
	node_wait(node, are_answered, NULL);
	node_run_for(node, 100);
	while (cycles.is_running) {
		unsigned wanted = ended + 1;
		answer(node, FETCH_NOT_MODIFIED, NULL);
		node_wait(node, have_ended, &wanted);
		node_run_for(node, 100);
	}
}

static void the_peer_of_an_event_gets_its_address_as_soon_as_its_name_is_resolved(void **state)
{
	struct node_fixture *node = *state;
	cycle(node, TWO_PEERS("", "192.0.2.3:1"));
	good_address = NULL;
	assert_int_equal(event(node, "good.example"), 0);
	assert_endpoint(node, 2, "");
	unsigned wanted = fetches + 1;
	node_wait(node, are_fetching, &wanted);
	answer(node, FETCH_FAILED, NULL);
	assert_endpoint(node, 2, "");
	assert_int_equal(node_logged(node, "peer \"a\": endpoint: \"good.example\""), 1);
	/* It is looked up again, as one of the state. */
	good_address = "192.0.2.7";
	wanted = fetches + 1;
	retry_now(node);
	node_wait(node, are_fetching, &wanted);
	answer(node, FETCH_FAILED, NULL);
	assert_endpoint(node, 2, "192.0.2.7:1");
	/* A known name needs no cycle. */
	assert_int_equal(event(node, "good.example"), 0);
	assert_endpoint(node, 2, "192.0.2.7:1");
}

static void names_of_events_do_not_accumulate(void **state)
{
	struct node_fixture *node = *state;
	cycle(node, TWO_PEERS("good.example:1", "192.0.2.3:1"));
	cycle(node, TWO_PEERS("", "good.example:1"));
	assert_int_equal(cycles.resolver.count, 1);
	struct key_public key = key_of(2);
	sim_device_remove_peer(device(node), &key);
	events_name(node, 50);
	assert_int_equal(cycles.resolver.count, 51);
	names_settle(node);
	cycle(node, NULL); /* without the events, which a fetch has overtaken */
	assert_int_equal(cycles.resolver.count, 1);
	assert_string_equal(cycles.resolver.first->host, "good.example");
}

static void names_of_events_have_a_limit_and_the_cycle_looks_up_the_rest(void **state)
{
	struct node_fixture *node = *state;
	cycles.resolver.names_max = 3;
	events_name(node, 3);
	assert_int_equal(cycles.resolver.count, 3);
	events_name(node, 5);
	assert_int_equal(cycles.resolver.count, 3);
	names_settle(node);
	assert_int_equal(asked, 4); /* the last event of the peer */
	cycle(node, TWO_PEERS("n3.example:1", "n4.example:1"));
	assert_int_equal(asked, 5);
}

/* Comparisons of texts, some of which a lookup of a name needs. */
static size_t steps;

int __real_strcmp(const char *a, const char *b);
int __wrap_strcmp(const char *a, const char *b);

int __wrap_strcmp(const char *a, const char *b)
{
	steps += pthread_equal(pthread_self(), main_thread) != 0;
	return __real_strcmp(a, b);
}

static void cycle_with_names(struct node_fixture *node, unsigned count)
{
	char *text = NULL;
	size_t length = 0;
	FILE *file = open_memstream(&text, &length);
	assert_non_null(file);
	for (unsigned i = 0; i < count; i++)
		fprintf(file,
			"%s{\"id\":\"p%05u\",\"public_key\":\"%c%c%cAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
			"AAAAAAAAAA=\",\"allowed_ips\":[],\"endpoint\":\"p%05u.example:1\"}",
			i ? "," : "{\"peers\":[", i, 'B' + i % 25, 'B' + i / 25 % 25,
			'B' + i / 625 % 25, i);
	fprintf(file, "]}");
	fclose(file);
	cycle(node, text);
	free(text);
}

/* Answers arrive one by one: none may cost a pass over all the others. */
static void twice_the_names_take_about_twice_the_steps(void **state)
{
	struct node_fixture *node = *state;
	size_t counts[] = {1000, 4000}, taken[2];
	for (size_t i = 0; i < COUNT_OF(counts); i++) {
		steps = 0;
		cycle_with_names(node, (unsigned)counts[i]);
		taken[i] = steps;
		assert_int_equal(cycles.resolver.count, counts[i]);
		cycle(node, "{\"peers\":[]}");
		assert_int_equal(cycles.resolver.count, 0);
	}
	assert_in_range(taken[1], 2 * taken[0], 6 * taken[0]);
}

int main(void)
{
	main_thread = pthread_self();
	const struct CMUnitTest tests[] = {
		TEST(a_cycle_requested_during_a_cycle_keeps_its_time),
		TEST(names_of_events_do_not_accumulate),
		TEST(the_peer_of_an_event_gets_its_address_as_soon_as_its_name_is_resolved),
		TEST(names_of_events_have_a_limit_and_the_cycle_looks_up_the_rest),
		TEST(twice_the_names_take_about_twice_the_steps),
		TEST(a_change_during_a_cycle_causes_one_more),
		TEST(a_slow_fetch_delays_no_repair),
		TEST(a_repair_that_fails_is_logged),
		TEST(a_slow_name_server_delays_no_other_peer),
		TEST(what_changes_during_a_cycle_is_repaired_by_another_right_after_it),
		TEST(a_late_answer_of_a_name_server_affects_only_the_endpoint),
		TEST(an_unknown_name_affects_only_the_endpoint),
		TEST(an_unknown_name_is_looked_up_until_it_is_known),
		TEST(the_name_of_a_silent_peer_is_looked_up_again),
		TEST(a_good_answer_stays_until_there_is_a_newer_one),
		TEST(unused_names_are_forgotten),
		TEST(a_document_comes_into_force_whole_or_not_at_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
