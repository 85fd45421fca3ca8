/* SPDX-License-Identifier: Apache-2.0 */
/* The capabilities left after they are dropped. Each test is a child of its own. */
#include "harness.h"

#include "diag.h"
#include "privileges.h"
#include "trusted_owner.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define BIT(capability) (UINT64_C(1) << (capability))

/* A line of /proc/self/status, as a number. */
static uint64_t status_of(const char *name)
{
	char line[256];
	uint64_t value = UINT64_MAX;
	FILE *file = fopen("/proc/self/status", "re");
	assert_non_null(file);
	while (fgets(line, sizeof line, file))
		if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
			value = strtoull(line + strlen(name) + 1, NULL, 16);
	fclose(file);
	return value;
}

static bool capabilities_are(uint64_t wanted)
{
	static const char *const names[] = {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"};
	bool all = true;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		uint64_t found = status_of(names[i]);
		if (found == wanted)
			continue;
		fprintf(stderr, "# %s: %llx, not %llx\n", names[i], (unsigned long long)found,
			(unsigned long long)wanted);
		all = false;
	}
	return all;
}

static int drop_all_but_net_admin(void)
{
	if (privileges_drop(NULL, false, NULL) != 0)
		return 1;
	return capabilities_are(BIT(CAP_NET_ADMIN)) ? 0 : 2;
}

static int drop_all_but_two(void)
{
	if (privileges_drop(NULL, true, NULL) != 0)
		return 1;
	return capabilities_are(BIT(CAP_NET_ADMIN) | BIT(CAP_NET_BIND_SERVICE)) ? 0 : 2;
}

static int drop_without_any(void)
{
	if (setuid(65534) != 0 || privileges_drop(NULL, true, NULL) != 0)
		return 1;
	return status_of("CapEff") == 0 && status_of("CapPrm") == 0 ? 0 : 2;
}

/* Root's way back: the capabilities that a program started by root gets. */
static int drop_and_start_a_program(void)
{
	if (privileges_drop(NULL, false, NULL) != 0)
		return 1;
	return system("grep -q '^CapEff:\t0000000000001000$' /proc/self/status") == 0 ? 0 : 2;
}

static int drop_and_gain_nothing(void)
{
	if (privileges_drop(NULL, false, NULL) != 0)
		return 1;
	return prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L) == 1 ? 0 : 2;
}

static const struct service_user other = {4242, 4343};

/* All ids, none of root's groups, and no way back. */
static int become_another_user(void)
{
	uid_t uids[3];
	gid_t gids[3];
	if (setgroups(2, (const gid_t[]){0, 4}) != 0 || privileges_drop(&other, true, NULL) != 0)
		return 1;
	if (getresuid(&uids[0], &uids[1], &uids[2]) != 0 ||
		getresgid(&gids[0], &gids[1], &gids[2]) != 0 || getgroups(0, NULL) != 0)
		return 2;
	for (unsigned i = 0; i < 3; i++)
		if (uids[i] != other.uid || gids[i] != other.gid)
			return 3;
	if (setuid(0) == 0 || setgid(0) == 0)
		return 4;
	return capabilities_are(BIT(CAP_NET_ADMIN) | BIT(CAP_NET_BIND_SERVICE)) ? 0 : 5;
}

static int become_without_the_right(void)
{
	struct diag diag = {0};
	if (privileges_drop(NULL, false, NULL) != 0 ||
		privileges_drop(&other, false, &diag) != -EPERM)
		return 1;
	bool is_named = strstr(diag_text(&diag), "become " SERVICE_USER) != NULL;
	diag_clear(&diag);
	return is_named && getuid() == 0 ? 0 : 2;
}

static void assert_child(int (*body)(void))
{
	int status;
	if (geteuid() != 0)
		skip();
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(body());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void cap_net_admin_is_all_that_is_left_in_every_set(void **state)
{
	assert_child(drop_all_but_net_admin);
}

static void a_reserved_port_keeps_the_right_to_bind_it(void **state)
{
	assert_child(drop_all_but_two);
}

static void a_user_without_capabilities_loses_none(void **state)
{
	assert_child(drop_without_any);
}

static void a_program_that_root_starts_has_no_more(void **state)
{
	assert_child(drop_and_start_a_program);
}

static void set_user_id_programs_bring_nothing(void **state)
{
	assert_child(drop_and_gain_nothing);
}

static void root_becomes_the_service_user_and_keeps_two_capabilities(void **state)
{
	assert_child(become_another_user);
}

static void root_that_cannot_become_the_service_user_is_reported(void **state)
{
	assert_child(become_without_the_right);
}

static void low_ports_are_reserved(void **state)
{
	assert_false(privileges_port_is_reserved(51820));
	assert_false(privileges_port_is_reserved(1024));
	assert_false(privileges_port_is_reserved(65535));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cap_net_admin_is_all_that_is_left_in_every_set),
		cmocka_unit_test(a_reserved_port_keeps_the_right_to_bind_it),
		cmocka_unit_test(a_user_without_capabilities_loses_none),
		cmocka_unit_test(a_program_that_root_starts_has_no_more),
		cmocka_unit_test(set_user_id_programs_bring_nothing),
		cmocka_unit_test(root_becomes_the_service_user_and_keeps_two_capabilities),
		cmocka_unit_test(root_that_cannot_become_the_service_user_is_reported),
		cmocka_unit_test(low_ports_are_reserved),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
