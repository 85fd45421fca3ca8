/* SPDX-License-Identifier: Apache-2.0 */
/* Whose files and sockets are trusted. Each test as another user is a child of its own. */
#include "harness.h"

#include "trusted_owner.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534
#define OTHER  4242
#define USERS  "/etc/passwd"

/* In a mount namespace of the child's own. */
static bool password_database_is(const char *text)
{
	char path[] = "/tmp/plexwg-passwd-XXXXXX";
	int fd = mkstemp(path);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) &&
		    fchmod(fd, 0644) == 0 && unshare(CLONE_NEWNS) == 0 &&
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		    mount(path, USERS, NULL, MS_BIND, NULL) == 0;
	close(fd);
	unlink(path);
	return done;
}

static int trust_as_root(void)
{
	if (!password_database_is("root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"))
		return 1;
	return owner_is_trusted(0) && !owner_is_trusted(NOBODY) && !owner_is_trusted(OTHER) ? 0 : 2;
}

static int trust_as_root_with_service_user(void)
{
	if (!password_database_is("root:x:0:0::/:/bin/sh\n" SERVICE_USER ":x:4242:4242::/:\n"))
		return 1;
	if (strcmp(trusted_owners_text().text, "root or plexwg") != 0)
		return 3;
	return owner_is_trusted(0) && owner_is_trusted(OTHER) && !owner_is_trusted(NOBODY) ? 0 : 2;
}

static int trust_as_another_user(void)
{
	if (!password_database_is("root:x:0:0::/:/bin/sh\n" SERVICE_USER ":x:4242:4242::/:\n") ||
		setuid(NOBODY) != 0)
		return 1;
	if (strcmp(trusted_owners_text().text, "root or uid 65534") != 0)
		return 3;
	return owner_is_trusted(0) && owner_is_trusted(NOBODY) && !owner_is_trusted(OTHER) ? 0 : 2;
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

static void root_and_this_user_are_trusted(void **state)
{
	assert_true(owner_is_trusted(0));
	assert_true(owner_is_trusted(geteuid()));
}

static void root_trusts_no_other_user(void **state)
{
	assert_child(trust_as_root);
}

static void root_trusts_the_service_user(void **state)
{
	assert_child(trust_as_root_with_service_user);
}

static void another_user_trusts_no_service_user(void **state)
{
	assert_child(trust_as_another_user);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_and_this_user_are_trusted),
		cmocka_unit_test(root_trusts_no_other_user),
		cmocka_unit_test(root_trusts_the_service_user),
		cmocka_unit_test(another_user_trusts_no_service_user),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
