/* Looking names up, with name servers that are a table. */
#include "failing_memory.h"
#include "harness.h"
#include "resolver.h"

#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>

/* What the name server says: an address, several separated by commas, or nothing. */
static const struct {
	const char *host, *addresses;
} table[] = {
	{"a.example", "192.0.2.1"},
	{"b.example", "2001:db8::2"},
	{"blocked.example", "0.0.0.0"},
	{"local.example", "fe80::1"},
	{"several.example", "::,224.0.0.1,fe80::1,192.0.2.9"},
};

int __real_getaddrinfo(
	const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **ret);
int __wrap_getaddrinfo(
	const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **ret);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
	void *(*run)(void *argument), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
	void *(*run)(void *argument), void *argument);

/* One after the other, in a list as the system makes it. */
static struct addrinfo *list_make(const char *addresses)
{
	static const struct addrinfo numeric = {
		.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_DGRAM};
	char copy[128], *rest = copy;
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

static const struct name_record *answer_await(struct resolver *resolver, const char *host)
{
	struct pollfd poller = {resolver->fd, POLLIN, 0};
	while (!resolver_find(resolver, host) || resolver_find(resolver, host)->is_asked) {
		assert_int_equal(poll(&poller, 1, 60 * 1000), 1);
		resolver_take(resolver, 1);
	}
	return resolver_find(resolver, host);
}

static const struct name_record *look_up(struct resolver *resolver, const char *host)
{
	assert_int_equal(resolver_ask(resolver, host), 0);
	return answer_await(resolver, host);
}

static void assert_good(const struct name_record *record, const char *address)
{
	struct ip ip = ip_of(address);
	assert_int_equal(record->state, NAME_GOOD);
	assert_true(ip_equal(&record->ip, &ip));
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

static void an_address_that_nothing_can_be_sent_to_is_no_answer(void **state)
{
	assert_good(look_up(*state, "several.example"), "192.0.2.9");
	assert_int_equal(look_up(*state, "blocked.example")->state, NAME_BAD);
	assert_int_equal(look_up(*state, "local.example")->state, NAME_BAD);
	assert_contains(resolver_find(*state, "local.example")->error, "no address that packets");
}

static void without_a_thread_a_name_waits_until_somebody_asks_again(void **state)
{
	no_threads = true;
	assert_int_equal(resolver_ask(*state, "a.example"), 0);
	assert_int_equal(resolver_ask(*state, "a.example"), 0);
	assert_int_equal(resolver_find(*state, "a.example")->state, NAME_PENDING);
	no_threads = false;
	assert_good(look_up(*state, "a.example"), "192.0.2.1");
}

static void names_that_nobody_wants_any_more_are_forgotten(void **state)
{
	struct resolver *resolver = *state;
	char host[32];
	for (int i = 0; i < 1000; i++) {
		snprintf(host, sizeof host, "peer-%d.example", i);
		look_up(resolver, host);
		look_up(resolver, "a.example");
		resolver_use(resolver, host);
		resolver_use(resolver, "a.example");
		resolver_use(resolver, "never-asked.example");
		resolver_sweep(resolver);
		assert_int_equal(resolver->count, 2);
		assert_non_null(resolver_find(resolver, host));
		assert_good(resolver_find(resolver, "a.example"), "192.0.2.1");
	}
	assert_true(resolver->capacity <= 16);
}

static void a_name_that_is_being_looked_up_is_not_forgotten(void **state)
{
	no_threads = true;
	assert_int_equal(resolver_ask(*state, "a.example"), 0);
	resolver_sweep(*state);
	assert_non_null(resolver_find(*state, "a.example"));
	no_threads = false;
	assert_good(look_up(*state, "a.example"), "192.0.2.1");
}

static void what_is_under_way_outlives_the_resolver(void **state)
{
	struct resolver resolver;
	char host[32];
	for (int round = 0; round < 50; round++) {
		assert_int_equal(resolver_init(&resolver, NULL), 0);
		for (int i = 0; i < 20; i++) {
			snprintf(host, sizeof host, "peer-%d.example", i);
			assert_int_equal(resolver_ask(&resolver, host), 0);
		}
		resolver_deinit(&resolver);
	}
}

static void memory_that_is_out_is_an_error_and_another_try_succeeds(void **state)
{
	struct resolver *resolver = *state;
	bool has_failed = true;
	no_threads = true;
	for (unsigned spared = 0; has_failed; spared++) {
		failing_memory_arm(spared, false);
		int error = resolver_ask(resolver, "a.example");
		has_failed = failing_memory_disarm();
		assert_int_equal(error, has_failed ? -ENOMEM : 0);
	}
	no_threads = false;
	assert_good(look_up(resolver, "a.example"), "192.0.2.1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_name_is_looked_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			an_address_that_nothing_can_be_sent_to_is_no_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			without_a_thread_a_name_waits_until_somebody_asks_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			names_that_nobody_wants_any_more_are_forgotten, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_name_that_is_being_looked_up_is_not_forgotten, set_up, tear_down),
		cmocka_unit_test(what_is_under_way_outlives_the_resolver),
		cmocka_unit_test_setup_teardown(
			memory_that_is_out_is_an_error_and_another_try_succeeds, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("resolver", tests, NULL, NULL);
}
