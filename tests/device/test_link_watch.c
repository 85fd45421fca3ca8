/* SPDX-License-Identifier: Apache-2.0 */
/* The changes of a real link that the watch notices, in a namespace of its own. */
#include "diag.h"
#include "link_hooks.h"
#include "link_router.h"
#include "link_watch.h"
#include "netns.h"

#include <errno.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define NAME  "plexwg-watch0"
#define OTHER "plexwg-other0"

/* Watches routes as well if `router` is open. */
struct scene {
	struct link_watch watch;
	struct link_router router;
};

static int watch_make(void **state)
{
	struct scene *scene = calloc(1, sizeof *scene);
	struct link_watch *watch = scene ? &scene->watch : NULL;
	*state = scene;
	if (!watch || !ip_command("link add " NAME " type veth peer name plexwg-watch1") ||
		!ip_command("link add " OTHER " type veth peer name plexwg-other1") ||
		/* No addresses that appear later by themselves. */
		!ip_command("link set " NAME " addrgenmode none") ||
		!ip_command("link set " OTHER " addrgenmode none"))
		return -1;
	return link_watch_open(watch, NAME, NULL, NULL);
}

static bool link_is_running(const char *name)
{
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	strcpy(request.ifr_name, name);
	bool is_running = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &request) == 0 &&
			  (request.ifr_flags & IFF_RUNNING);
	close(fd);
	return is_running;
}

/* Up, and noticed: the kernel reports that a second later. */
static bool links_up(void)
{
	static const char *const names[] = {NAME, "plexwg-watch1", OTHER, "plexwg-other1"};
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!ip_command("link set %s up", names[i]))
			return false;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		while (!link_is_running(names[i]))
			nanosleep(&pause, NULL);
	/* Wait until the process that holds the lock reports it. */
	return ip_command("link set " NAME " up");
}

static int route_watch_make(void **state)
{
	if (watch_make(state) != 0)
		return -1;
	struct scene *scene = *state;
	link_watch_close(&scene->watch);
	if (!links_up() || link_router_open(&scene->router, ROUTE_TABLE_MAIN, NULL) != 0)
		return -1;
	return link_watch_open(&scene->watch, NAME, &scene->router, NULL);
}

static int watch_clear(void **state)
{
	struct scene *scene = *state;
	link_watch_close(&scene->watch);
	if (scene->router.table)
		link_router_close(&scene->router);
	free(scene);
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

static void an_untouched_link_has_not_changed(void **state)
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

static void a_link_that_is_deleted_and_made_again_is_noticed(void **state)
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

static void changes_of_other_links_are_ignored(void **state)
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
	assert_int_equal(link_watch_open(&watch, "plexwg-alias0", NULL, NULL), 0);
	assert_true(ip_command("addr add 192.0.2.7/32 dev " OTHER));
	assert_true(ip_command("link set " OTHER " mtu 1300"));
	assert_false(has_changed(&watch));
	link_watch_close(&watch);
}

/* Consume the changes so far. */
static void settle(struct scene *scene)
{
	while (has_changed(&scene->watch))
		;
}

static void a_route_of_ours_that_another_program_deletes_is_noticed(void **state)
{
	struct scene *scene = *state;
	assert_true(ip_command("route add 10.2.0.0/16 dev " NAME " proto 158"));
	assert_true(ip_command("-6 route add fd02::/64 dev " NAME " proto 158"));
	assert_true(ip_command("route add default dev " NAME " proto 158"));
	settle(scene);
	assert_true(ip_command("route del 10.2.0.0/16"));
	assert_true(has_changed(&scene->watch));
	assert_true(ip_command("-6 route del fd02::/64"));
	assert_true(has_changed(&scene->watch));
	assert_true(ip_command("route flush table main"));
	assert_true(has_changed(&scene->watch));
	assert_false(has_changed(&scene->watch));
}

static void changes_of_foreign_routes_are_ignored(void **state)
{
	static const char *const others[] = {"10.3.0.0/16 dev " NAME " proto static",
		"10.3.0.0/16 dev " OTHER " proto 158",
		"10.3.0.0/16 dev " NAME " proto 158 table 77", "unreachable 10.3.0.0/16 proto 158"};
	struct scene *scene = *state;
	settle(scene);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		assert_true(ip_command("route add %s", others[i]));
		assert_true(ip_command("route del %s", others[i]));
		assert_false(has_changed(&scene->watch));
	}
	assert_true(ip_command("route add 10.3.0.0/16 dev " NAME " proto 158"));
	assert_false(has_changed(&scene->watch));
}

static void routes_of_other_protocols_are_filtered_out(void **state)
{
	struct scene *scene = *state;
	char byte;
	settle(scene);
	assert_true(ip_command("route add 10.3.0.0/16 dev " NAME " proto static"));
	assert_true(ip_command("route add 10.4.0.0/16 dev " NAME " proto 158"));
	assert_true(ip_command("route del 10.3.0.0/16"));
	assert_true(ip_command("-6 route add fd03::/64 dev " OTHER));
	assert_true(ip_command("-6 route del fd03::/64"));
	assert_int_equal(recv(scene->watch.fd, &byte, 1, MSG_PEEK), -1);
	assert_int_equal(errno, EAGAIN);
}

static void a_route_that_our_router_removes_is_no_change(void **state)
{
	struct scene *scene = *state;
	struct router router = link_router(&scene->router);
	struct prefix destination;
	assert_int_equal(prefix_parse("10.2.0.0/16", 11, &destination, NULL), 0);
	settle(scene);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(router.ops->add_route(router.impl, NAME, &destination, NULL), 0);
		assert_int_equal(
			router.ops->remove_route(router.impl, NAME, &destination, NULL), 0);
		assert_false(has_changed(&scene->watch));
	}
	assert_int_equal(router.ops->add_route(router.impl, NAME, &destination, NULL), 0);
	assert_true(ip_command("route del 10.2.0.0/16"));
	assert_true(has_changed(&scene->watch));
}

static void unmanaged_routes_are_not_watched(void **state)
{
	struct scene *scene = *state;
	assert_true(links_up());
	assert_true(ip_command("route add 10.2.0.0/16 dev " NAME " proto 158"));
	settle(scene);
	assert_true(ip_command("route del 10.2.0.0/16"));
	assert_false(has_changed(&scene->watch));
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

static bool next_is_empty;

ssize_t __wrap_recvfrom(int fd, void *buffer, size_t size, int flags, struct sockaddr *address,
	socklen_t *address_size);
ssize_t __real_recvfrom(int fd, void *buffer, size_t size, int flags, struct sockaddr *address,
	socklen_t *address_size);
ssize_t __wrap_recvfrom(int fd, void *buffer, size_t size, int flags, struct sockaddr *address,
	socklen_t *address_size)
{
	if (!next_is_empty)
		return __real_recvfrom(fd, buffer, size, flags, address, address_size);
	next_is_empty = false;
	errno = EIO; /* of an earlier call */
	return 0;
}

static void an_empty_message_is_neither_a_change_nor_an_error(void **state)
{
	next_is_empty = true;
	assert_false(has_changed(*state));
	assert_false(next_is_empty);
}

#define WATCH_TEST(name) cmocka_unit_test_setup_teardown(name, watch_make, watch_clear)
#define ROUTE_TEST(name) cmocka_unit_test_setup_teardown(name, route_watch_make, watch_clear)

static int run(void)
{
	const struct CMUnitTest tests[] = {
		WATCH_TEST(an_untouched_link_has_not_changed),
		WATCH_TEST(a_link_that_goes_up_or_down_is_noticed),
		WATCH_TEST(an_mtu_and_an_address_are_noticed),
		WATCH_TEST(a_link_that_is_deleted_and_made_again_is_noticed),
		WATCH_TEST(a_link_that_is_renamed_away_is_noticed_and_followed_no_longer),
		WATCH_TEST(changes_of_other_links_are_ignored),
		WATCH_TEST(a_link_that_has_the_name_as_an_alternative_is_another),
		WATCH_TEST(messages_that_were_lost_count_as_a_change),
		WATCH_TEST(an_empty_message_is_neither_a_change_nor_an_error),
		ROUTE_TEST(a_route_of_ours_that_another_program_deletes_is_noticed),
		ROUTE_TEST(changes_of_foreign_routes_are_ignored),
		ROUTE_TEST(routes_of_other_protocols_are_filtered_out),
		ROUTE_TEST(a_route_that_our_router_removes_is_no_change),
		WATCH_TEST(unmanaged_routes_are_not_watched),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return netns_run(false, run);
}
