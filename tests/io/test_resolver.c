/* SPDX-License-Identifier: Apache-2.0 */
/* Resolving names, with name servers that are a table. */
#include "failing_memory.h"
#include "harness.h"
#include "resolved_address.h"
#include "resolver.h"

#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>

/* The answer of the name server: addresses separated by commas, or none. */
static struct {
	const char *host, *addresses;
} table[] = {
	{"a.example", "192.0.2.1"},
	{"b.example", "2001:db8::2"},
	{"blocked.example", "0.0.0.0"},
	{"local.example", "fe80::1"},
	{"several.example", "::,224.0.0.1,fe80::1,192.0.2.9"},
	{"turning.example", "192.0.2.1"},
};

int __real_getaddrinfo(
	const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **ret);
int __wrap_getaddrinfo(
	const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **ret);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
	void *(*run)(void *argument), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
	void *(*run)(void *argument), void *argument);

/* One after the other, in a list as getaddrinfo makes it. */
static struct addrinfo *list_make(const char *addresses)
{
	static const struct addrinfo numeric = {
		.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_DGRAM};
	char copy[4096], *rest = copy;
	struct addrinfo *list = NULL, **end = &list;
	snprintf(copy, sizeof copy, "%s", addresses);
	for (char *text = strsep(&rest, ","); text; text = strsep(&rest, ",")) {
		assert_int_equal(__real_getaddrinfo(text, NULL, &numeric, end), 0);
		end = &(*end)->ai_next;
	}
	return list;
}

int __wrap_getaddrinfo(
	const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		if (strcmp(table[i].host, node) == 0) {
			*ret = list_make(table[i].addresses);
			return 0;
		}
	}
	return EAI_NONAME;
}

static bool no_threads;

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
	void *(*run)(void *argument), void *argument)
{
	return no_threads ? EAGAIN : __real_pthread_create(thread, attributes, run, argument);
}

static int set_up(void **state)
{
	struct resolver *resolver = calloc(1, sizeof *resolver);
	no_threads = false;
	*state = resolver;
	return resolver ? resolver_init(resolver, NULL) : -1;
}

static int tear_down(void **state)
{
	resolver_deinit(*state);
	free(*state);
	return 0;
}

static bool has_changed;

static const struct name_record *answer_await(struct resolver *resolver, const char *host)
{
	struct pollfd poller = {resolver->fd, POLLIN, 0};
	has_changed = false;
	while (resolver_find(resolver, host)->is_asked) {
		assert_int_equal(poll(&poller, 1, 60 * 1000), 1);
		has_changed |= resolver_take(resolver, 1);
	}
	return resolver_find(resolver, host);
}

static const struct name_record *look_up(struct resolver *resolver, const char *host)
{
	assert_int_equal(resolver_want(resolver, host), 0);
	assert_int_equal(resolver_ask(resolver, resolver_find(resolver, host)), 0);
	return answer_await(resolver, host);
}

static void assert_good(const struct name_record *record, const char *address)
{
	struct ip ip = ip_of(address);
	assert_int_equal(record->state, NAME_GOOD);
	assert_int_equal(record->ip_count, 1);
	assert_true(ip_equal(&record->ips[0], &ip));
	assert_null(record->error);
}

static void a_name_is_looked_up(void **state)
{
	assert_good(look_up(*state, "a.example"), "192.0.2.1");
	assert_good(look_up(*state, "b.example"), "2001:db8::2");
	const struct name_record *unknown = look_up(*state, "c.example");
	assert_int_equal(unknown->state, NAME_BAD);
	assert_string_equal(unknown->error, gai_strerror(EAI_NONAME));
}

static void an_address_that_packets_cannot_be_sent_to_is_no_answer(void **state)
{
	assert_good(look_up(*state, "several.example"), "192.0.2.9");
	assert_int_equal(look_up(*state, "blocked.example")->state, NAME_BAD);
	assert_int_equal(look_up(*state, "local.example")->state, NAME_BAD);
	assert_contains(resolver_find(*state, "local.example")->error, "no address that packets");
}

/* The name server's answer changes. */
static void turn(const char *addresses)
{
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (strcmp(table[i].host, "turning.example") == 0)
			table[i].addresses = addresses;
}

static void assert_answer(struct resolver *resolver, const char *addresses)
{
	char text[512] = "";
	const struct ip *ips;
	struct name_lookup lookup = resolver_lookup(resolver);
	size_t count = lookup.addresses(lookup.impl, "turning.example", &ips);
	for (size_t i = 0; i < count; i++) {
		strcat(text, i ? "," : "");
		strcat(text, ip_format(&ips[i]).text);
	}
	assert_string_equal(text, addresses);
}

static void an_answer_is_all_of_the_addresses_in_the_order_they_came_in(void **state)
{
	static const struct {
		const char *answer, *is;
		bool is_new;
	} steps[] = {
		{"192.0.2.2,192.0.2.1,2001:db8::1", NULL, true},
		{"192.0.2.1,2001:db8::1,192.0.2.2", NULL, false},
		{"2001:db8::1,192.0.2.1,192.0.2.2", NULL, false},
		{"2001:db8::1,192.0.2.1", NULL, true}, {"2001:db8::2,192.0.2.1", NULL, true},
		{"192.0.2.1,192.0.2.1,::ffff:192.0.2.1", "192.0.2.1", true},
		{"0.0.0.0,192.0.2.1,ff02::1", "192.0.2.1", false},
		{"0.0.0.0", "192.0.2.1", false}, /* the last good one stays */
	};
	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		turn(steps[i].answer);
		look_up(*state, "turning.example");
		assert_answer(*state, steps[i].is ? steps[i].is : steps[i].answer);
		assert_int_equal(has_changed, steps[i].is_new);
	}
}

static void a_long_answer_gives_the_same_addresses_in_any_order(void **state)
{
	struct resolver *resolver = *state;
	for (unsigned turned = 0; turned < 200; turned += 7) {
		char answer[4000] = "";
		for (unsigned i = 0; i < 200; i++)
			snprintf(answer + strlen(answer), sizeof answer - strlen(answer),
				"%s192.0.2.%u", i ? "," : "", (i * 77 + turned) % 200);
		turn(answer);
		const struct name_record *record = look_up(resolver, "turning.example");
		assert_int_equal(record->ip_count, RESOLVED_ADDRESSES_MAX);
		for (size_t i = 0; i < record->ip_count; i++)
			assert_true(record->ips[i].bytes[3] < RESOLVED_ADDRESSES_MAX);
		assert_int_equal(has_changed, turned == 0);
	}
	turn("192.0.2.1");
}

static void a_failed_lookup_succeeds_later(void **state)
{
	struct resolver *resolver = *state;
	struct name_lookup lookup = resolver_lookup(resolver);
	const struct ip *ips;
	resolver->names_max = 2;
	assert_int_equal(lookup.addresses(lookup.impl, "a.example", &ips), 0);
	assert_int_equal(lookup.addresses(lookup.impl, "c.example", &ips), 0);
	assert_int_equal(lookup.addresses(lookup.impl, "b.example", &ips), 0); /* no room */
	answer_await(resolver, "a.example");
	answer_await(resolver, "c.example");
	assert_int_equal(lookup.addresses(lookup.impl, "a.example", &ips), 1);
	assert_int_equal(lookup.addresses(lookup.impl, "c.example", &ips), 0);
	assert_null(resolver_find(resolver, "b.example"));
	assert_int_equal(RESOLVER_NAMES_MAX, 65536);
}

static void unresolved_names_are_counted_and_looked_up_again(void **state)
{
	struct resolver *resolver = *state;
	look_up(resolver, "a.example");
	turn("0.0.0.0");
	look_up(resolver, "turning.example");
	look_up(resolver, "c.example");
	assert_int_equal(resolver->bad_count, 2);
	turn("192.0.2.1");
	resolver_ask_bad(resolver);
	assert_false(resolver_find(resolver, "a.example")->is_asked);
	answer_await(resolver, "turning.example");
	answer_await(resolver, "c.example");
	assert_int_equal(resolver->bad_count, 1);
	resolver_unwant(resolver);
	resolver_sweep(resolver);
	assert_int_equal(resolver->bad_count, 0);
	assert_int_equal(resolver->count, 0);
}

static void answers_are_awaited_up_to_a_deadline(void **state)
{
	struct resolver *resolver = *state;
	no_threads = true;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(resolver_want(resolver, "b.example"), 0);
		resolver_await(resolver, 20);
		assert_int_equal(resolver->pending_count, 1);
		resolver_unwant(resolver);
		assert_int_equal(resolver->pending_count, 0);
	}
	no_threads = false;
	assert_good(look_up(resolver, "b.example"), "2001:db8::2");
	assert_int_equal(resolver_want(resolver, "a.example"), 0);
	assert_int_equal(resolver_want(resolver, "a.example"), 0);
	assert_int_equal(resolver_want(resolver, "c.example"), 0);
	assert_int_equal(resolver->pending_count, 2);
	resolver_await(resolver, 60 * 1000);
	assert_int_equal(resolver->pending_count, 0);
}

static void without_a_thread_a_name_waits_until_it_is_requested_again(void **state)
{
	no_threads = true;
	assert_int_equal(resolver_want(*state, "a.example"), 0);
	assert_int_equal(resolver_want(*state, "a.example"), 0);
	assert_int_equal(resolver_find(*state, "a.example")->state, NAME_PENDING);
	no_threads = false;
	assert_good(look_up(*state, "a.example"), "192.0.2.1");
}

static void unwanted_names_are_forgotten(void **state)
{
	struct resolver *resolver = *state;
	char host[32];
	for (int i = 0; i < 1000; i++) {
		snprintf(host, sizeof host, "peer-%d.example", i);
		look_up(resolver, host);
		look_up(resolver, "a.example");
		resolver_unwant(resolver);
		assert_int_equal(resolver_want(resolver, host), 0);
		assert_int_equal(resolver_want(resolver, "a.example"), 0);
		resolver_sweep(resolver);
		assert_int_equal(resolver->count, 2);
		assert_non_null(resolver_find(resolver, host));
		assert_good(resolver_find(resolver, "a.example"), "192.0.2.1");
	}
}

static void a_name_that_is_being_looked_up_is_not_forgotten(void **state)
{
	no_threads = true;
	assert_int_equal(resolver_want(*state, "a.example"), 0);
	resolver_unwant(*state);
	resolver_sweep(*state);
	assert_non_null(resolver_find(*state, "a.example"));
	no_threads = false;
	assert_good(look_up(*state, "a.example"), "192.0.2.1");
}

static void a_lookup_under_way_outlives_the_resolver(void **state)
{
	struct resolver resolver;
	char host[32];
	for (int round = 0; round < 50; round++) {
		assert_int_equal(resolver_init(&resolver, NULL), 0);
		for (int i = 0; i < 20; i++) {
			snprintf(host, sizeof host, "peer-%d.example", i);
			assert_int_equal(resolver_want(&resolver, host), 0);
		}
		resolver_deinit(&resolver);
	}
}

static void out_of_memory_is_an_error_and_another_attempt_succeeds(void **state)
{
	struct resolver *resolver = *state;
	bool has_failed = true;
	no_threads = true;
	for (unsigned spared = 0; has_failed; spared++) {
		failing_memory_arm(spared, false);
		int error = resolver_want(resolver, "a.example");
		has_failed = failing_memory_disarm();
		assert_int_equal(error, has_failed ? -ENOMEM : 0);
	}
	no_threads = false;
	assert_good(look_up(resolver, "a.example"), "192.0.2.1");
}

/* Comparisons of hosts, and bytes that were moved to make room. */
static size_t steps;

int __real_strcmp(const char *a, const char *b);
int __wrap_strcmp(const char *a, const char *b);
void *__real_memmove(void *to, const void *from, size_t size);
void *__wrap_memmove(void *to, const void *from, size_t size);

int __wrap_strcmp(const char *a, const char *b)
{
	steps++;
	return __real_strcmp(a, b);
}

void *__wrap_memmove(void *to, const void *from, size_t size)
{
	steps += size;
	return __real_memmove(to, from, size);
}

enum name_order {
	NAMES_UP,
	NAMES_DOWN,
	NAMES_MIXED,
	NAME_ORDERS,
};

/* The steps for so many names: requested, found, swept. No thread resolves them. */
static size_t steps_of(unsigned count, enum name_order order)
{
	struct resolver resolver;
	char host[32];
	no_threads = true;
	assert_int_equal(resolver_init(&resolver, NULL), 0);
	steps = 0;
	for (unsigned i = 0; i < 2 * count; i++) {
		unsigned at = i % count;
		unsigned number = order == NAMES_UP     ? at
				  : order == NAMES_DOWN ? count - at
							: at * 7919 % count;
		snprintf(host, sizeof host, "p%06u.example", number);
		assert_int_equal(resolver_want(&resolver, host), 0);
	}
	assert_int_equal(resolver.count, count);
	assert_int_equal(resolver.pending_count, count);
	resolver_deinit(&resolver);
	no_threads = false;
	return steps;
}

static void twice_the_names_take_about_twice_the_steps(void **state)
{
	for (enum name_order order = NAMES_UP; order < NAME_ORDERS; order++) {
		size_t some = steps_of(10000, order), many = steps_of(40000, order);
		assert_true(some > 10000);
		assert_in_range(many, 4 * some, 6 * some);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_name_is_looked_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			an_address_that_packets_cannot_be_sent_to_is_no_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			an_answer_is_all_of_the_addresses_in_the_order_they_came_in, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			a_long_answer_gives_the_same_addresses_in_any_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_failed_lookup_succeeds_later, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			unresolved_names_are_counted_and_looked_up_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			answers_are_awaited_up_to_a_deadline, set_up, tear_down),
		cmocka_unit_test(twice_the_names_take_about_twice_the_steps),
		cmocka_unit_test_setup_teardown(
			without_a_thread_a_name_waits_until_it_is_requested_again, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(unwanted_names_are_forgotten, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_name_that_is_being_looked_up_is_not_forgotten, set_up, tear_down),
		cmocka_unit_test(a_lookup_under_way_outlives_the_resolver),
		cmocka_unit_test_setup_teardown(
			out_of_memory_is_an_error_and_another_attempt_succeeds, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("resolver", tests, NULL, NULL);
}
