/* SPDX-License-Identifier: Apache-2.0 */
#include "wg_link.h"

#include "diag.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int wg_link_read(struct wg_link *own, const char *name, struct link_info *ret, struct diag *diag)
{
	int error = link_read(&own->link, name, ret, diag);
	if (error || strcmp(ret->kind, own->kind) == 0)
		return error;
	return diag_fail(diag, -EEXIST, "the link exists and is not a %s but of kind %s", own->what,
		ret->kind[0] ? ret->kind : "hardware");
}

static int obstacle_check(
	const struct prefix *address, enum ipv6_obstacle obstacle, struct diag *diag)
{
	if (address->ip.family != IP_V6 || !obstacle)
		return 0;
	return diag_fail(diag, ipv6_obstacle_error(obstacle), "%s", ipv6_obstacle_text(obstacle));
}

/* The obstacle for a link that does not exist yet: the default setting of new links. If it cannot
 * be read, assume none. */
static enum ipv6_obstacle default_obstacle(void)
{
	char value = '0';
	int fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return IPV6_OBSTACLE_NONE;
	ssize_t size = read(fd, &value, 1);
	close(fd);
	return size == 1 && value == '1' ? IPV6_OBSTACLE_DISABLED : IPV6_OBSTACLE_NONE;
}

int wg_link_check_address(
	void *impl, const char *name, const struct prefix *address, int mtu, struct diag *diag)
{
	struct wg_link *own = impl;
	struct link_info info = {0};
	int error = wg_link_read(own, name, &info, NULL);
	if (error == -ENODEV)
		info.ipv6_obstacle = default_obstacle();
	else if (error)
		return 0; /* creating or configuring it reports the error */
	return obstacle_check(address, ipv6_obstacle_with_mtu(info.ipv6_obstacle, mtu), diag);
}

int wg_link_configure_address(void *impl, const char *name, const struct prefix *address,
	bool keep_others, struct diag *diag)
{
	struct wg_link *own = impl;
	struct link_info info;
	int error = wg_link_read(own, name, &info, diag);
	if (!error)
		error = obstacle_check(address, info.ipv6_obstacle, diag);
	if (error)
		return error;
	return link_configure_address(&own->link, info.index, address, keep_others, diag);
}

int wg_link_set_up(void *impl, const char *name, struct diag *diag)
{
	struct wg_link *own = impl;
	struct link_info info;
	int error = wg_link_read(own, name, &info, diag);
	if (error || info.up)
		return error;
	return link_set_up(&own->link, info.index, diag);
}

int wg_link_set_mtu(void *impl, const char *name, int mtu, struct diag *diag)
{
	struct wg_link *own = impl;
	struct link_info info;
	int error = wg_link_read(own, name, &info, diag);
	if (error || info.mtu == mtu)
		return error;
	return link_set_mtu(&own->link, info.index, mtu, diag);
}
