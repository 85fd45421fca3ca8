/* What the watch notices of a real link, in a namespace of its own. */
#include "diag.h"
#include "link_hooks.h"
#include "link_watch.h"
#include "netns.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cmocka.h>

#define NAME  "plexwg-watch0"
#define OTHER "plexwg-other0"

static int watch_make(void **state)
{
	struct link_watch *watch = calloc(1, sizeof *watch);
	*state = watch;
	if (!watch || !ip_command("link add " NAME " type veth peer name plexwg-watch1") ||
		!ip_command("link add " OTHER " type veth peer name plexwg-other1"))
		return -1;
	return link_watch_open(watch, NAME, NULL);
}

static int watch_clear(void **state)
{
	link_watch_close(*state);
	free(*state);
	if (link_is_there(NAME))
		ip_command("link del " NAME);
	ip_command("link del " OTHER);
	return 0;
}

static bool has_changed(struct link_watch *watch)
{
	bool changed;
	assert_int_equal(link_watch_take(watch, &changed, NULL), 0);
	return changed;
}

static void a_link_that_nobody_touches_has_not_changed(void **state)
{
	assert_false(has_changed(*state));
}

static void a_link_that_goes_up_or_down_is_noticed(void **state)
{
	assert_true(ip_command("link set " NAME " up"));
	assert_true(has_changed(*state));
	assert_true(ip_command("link set " NAME " down"));
	assert_true(has_changed(*state));
	assert_false(has_changed(*state));
}

static void an_mtu_and_an_address_are_noticed(void **state)
{
	assert_true(ip_command("link set " NAME " mtu 1300"));
	assert_true(has_changed(*state));
	assert_true(ip_command("addr add 192.0.2.1/32 dev " NAME));
	assert_true(has_changed(*state));
	assert_true(ip_command("-6 addr add 2001:db8::1/128 dev " NAME));
	assert_true(has_changed(*state));
	assert_true(ip_command("addr del 192.0.2.1/32 dev " NAME));
	assert_true(has_changed(*state));
}

static void a_link_that_is_deleted_and_made_anew_is_noticed(void **state)
{
	assert_true(ip_command("link del " NAME));
	assert_true(has_changed(*state));
	assert_true(ip_command("link add " NAME " type veth peer name plexwg-watch1"));
	assert_true(has_changed(*state));
	assert_true(ip_command("addr add 192.0.2.1/32 dev " NAME));
	assert_true(has_changed(*state));
}

static void a_link_that_is_renamed_away_is_noticed_and_followed_no_longer(void **state)
{
	assert_true(ip_command("link set " NAME " name plexwg-gone0"));
	assert_true(has_changed(*state));
	assert_true(ip_command("link set plexwg-gone0 mtu 1300"));
	assert_false(has_changed(*state));
	assert_true(ip_command("link del plexwg-gone0"));
}

static void other_links_are_nobodys_business(void **state)
{
	assert_true(ip_command("link set " OTHER " up"));
	assert_true(ip_command("addr add 192.0.2.7/32 dev " OTHER));
	assert_true(ip_command("link set " OTHER " mtu 1300"));
	assert_false(has_changed(*state));
}

static void a_link_that_has_the_name_as_an_alternative_is_another(void **state)
{
	struct link_watch watch;
	assert_true(ip_command("link property add dev " OTHER " altname plexwg-alias0"));
	assert_int_equal(link_watch_open(&watch, "plexwg-alias0", NULL), 0);
	assert_true(ip_command("addr add 192.0.2.7/32 dev " OTHER));
	assert_true(ip_command("link set " OTHER " mtu 1300"));
	assert_false(has_changed(&watch));
	link_watch_close(&watch);
}

static void messages_that_were_lost_count_as_a_change(void **state)
{
	struct link_watch *watch = *state;
	int size = 1;
	assert_int_equal(setsockopt(watch->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size), 0);
	for (int i = 0; i < 20; i++)
		assert_true(ip_command("link set " OTHER " mtu %d", 1300 + i));
	assert_true(has_changed(watch));
	assert_false(has_changed(watch));
}

#define WATCH_TEST(name) cmocka_unit_test_setup_teardown(name, watch_make, watch_clear)

static int run(void)
{
	const struct CMUnitTest tests[] = {
		WATCH_TEST(a_link_that_nobody_touches_has_not_changed),
		WATCH_TEST(a_link_that_goes_up_or_down_is_noticed),
		WATCH_TEST(an_mtu_and_an_address_are_noticed),
		WATCH_TEST(a_link_that_is_deleted_and_made_anew_is_noticed),
		WATCH_TEST(a_link_that_is_renamed_away_is_noticed_and_followed_no_longer),
		WATCH_TEST(other_links_are_nobodys_business),
		WATCH_TEST(a_link_that_has_the_name_as_an_alternative_is_another),
		WATCH_TEST(messages_that_were_lost_count_as_a_change),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return netns_run(false, run);
}
