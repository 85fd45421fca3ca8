/* SPDX-License-Identifier: Apache-2.0 */
#include "privileges.h"

#include "diag.h"
#include "trusted_owner.h"
#include "trusted_path.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PORT_RESERVED_DEFAULT 1024
#define BIT(capability)       (UINT64_C(1) << (capability))

struct capabilities {
	uint64_t effective, permitted, inheritable;
};

static int capabilities_read(struct capabilities *ret)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	if (syscall(SYS_capget, &header, data) != 0)
		return -errno;
	*ret = (struct capabilities){
		.effective = data[0].effective | (uint64_t)data[1].effective << 32,
		.permitted = data[0].permitted | (uint64_t)data[1].permitted << 32,
		.inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32,
	};
	return 0;
}

/* Set all three sets to `set`. Skip the call if they already are: a service manager may have set
 * them and filtered capset(2). */
static int capabilities_write(const struct capabilities *has, uint64_t set)
{
	if (has->effective == set && has->permitted == set && has->inheritable == set)
		return 0;
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		uint32_t word = (uint32_t)(set >> (32 * i));
		data[i] = (struct __user_cap_data_struct){word, word, word};
	}
	return syscall(SYS_capset, &header, data) == 0 ? 0 : -errno;
}

/* Limit the capabilities that root gains by starting a program. EPERM is fine: a process that may
 * not change its bounding set is not root and gains none. */
static int bounding_set_drop(uint64_t wanted)
{
	for (unsigned capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
		if (!(wanted & BIT(capability)) && prctl(PR_CAPBSET_READ, capability) > 0 &&
			prctl(PR_CAPBSET_DROP, capability, 0L, 0L, 0L) != 0 && errno != EPERM)
			return -errno;
	return 0;
}

/* Let programs started by a user other than root inherit the capabilities. */
static int ambient_set_raise(uint64_t set)
{
	for (unsigned capability = 0; set >> capability; capability++)
		if (set & BIT(capability) &&
			prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0L, 0L) != 0)
			return -errno;
	return 0;
}

bool privileges_find_user(const char *identity_directory, struct service_user *ret)
{
	struct stat status;
	return geteuid() == 0 && service_user_find(ret) && ret->uid != 0 &&
	       stat(identity_directory, &status) == 0 && status.st_uid == ret->uid;
}

int privileges_make_directory(
	const char *directory, const struct service_user *user, struct diag *diag)
{
	bool is_made = mkdir(directory, 0755) == 0;
	if (!is_made && errno != EEXIST)
		return diag_wrap(diag, diag_fail_errno(diag, -errno), "%s", directory);
	int fd = trusted_directory_open(directory, diag);
	if (fd < 0)
		return fd;
	/* mkdir() applied the umask. */
	int error = 0;
	if ((is_made && fchmod(fd, 0755) != 0) || (user && fchown(fd, user->uid, user->gid) != 0))
		error = diag_wrap(diag, diag_fail_errno(diag, -errno), "%s", directory);
	close(fd);
	return error;
}

/* KEEPCAPS: the permitted set survives the change of user, until capabilities_write. */
static int user_become(const struct service_user *user, struct diag *diag)
{
	if (prctl(PR_SET_KEEPCAPS, 1L, 0L, 0L, 0L) == 0 && setgroups(0, NULL) == 0 &&
		setresgid(user->gid, user->gid, user->gid) == 0 &&
		setresuid(user->uid, user->uid, user->uid) == 0 &&
		prctl(PR_SET_KEEPCAPS, 0L, 0L, 0L, 0L) == 0)
		return 0;
	return diag_wrap(diag, diag_fail_errno(diag, -errno), "become " SERVICE_USER);
}

int privileges_drop(const struct service_user *user, bool keeps_bind, struct diag *diag)
{
	uint64_t wanted = BIT(CAP_NET_ADMIN) | (keeps_bind ? BIT(CAP_NET_BIND_SERVICE) : 0);
	struct capabilities has = {0};
	int error = prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) == 0 ? 0 : -errno;
	if (!error)
		error = capabilities_read(&has);
	if (!error)
		error = bounding_set_drop(wanted);
	if (!error && user) {
		error = user_become(user, diag);
		if (error)
			return error;
		/* The change of user cleared the effective set. */
		error = capabilities_read(&has);
	}
	if (!error && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0L, 0L, 0L) != 0)
		error = -errno;
	if (!error)
		error = capabilities_write(&has, wanted & has.permitted);
	if (!error)
		error = ambient_set_raise(wanted & has.permitted);
	return error ? diag_wrap(diag, diag_fail_errno(diag, error), "give up privileges") : 0;
}

bool privileges_port_is_reserved(int port)
{
	int first = PORT_RESERVED_DEFAULT;
	FILE *file = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "re");
	if (file) {
		/* The kernel writes a port. NOLINTNEXTLINE(cert-err34-c) */
		if (fscanf(file, "%d", &first) != 1)
			first = PORT_RESERVED_DEFAULT;
		fclose(file);
	}
	return port < first;
}
