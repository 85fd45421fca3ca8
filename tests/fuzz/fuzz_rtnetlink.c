/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links, addresses and routes, from a kernel that sends anything: the target replaces what libnl
 * sends and receives on the socket. What is read is valid, and each request ends.
 */
#include "diag.h"
#include "fuzz.h"
#include "link_router.h"
#include "link_watch.h"
#include "netlink_text.h"

#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define INDEX 7

static struct netlink_text kernel;
static struct link_router router;

/* A request: its answer has its number. */
ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	const struct nlmsghdr *header = message->msg_iov->iov_base;
	kernel.sequence = header->nlmsg_seq;
	return (ssize_t)header->nlmsg_len;
}

/* The next datagram, or none in time. */
ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	static _Alignas(struct nlmsghdr) unsigned char bytes[NETLINK_TEXT_MAX];
	const struct sockaddr_nl from = {.nl_family = AF_NETLINK};
	size_t length = netlink_text_next(&kernel, bytes);
	if (length == 0) {
		errno = EAGAIN;
		return -1;
	}
	if (length > message->msg_iov->iov_len)
		length = message->msg_iov->iov_len;
	memcpy(message->msg_iov->iov_base, bytes, length);
	memcpy(message->msg_name, &from, sizeof from);
	message->msg_namelen = sizeof from;
	message->msg_controllen = 0;
	message->msg_flags = 0;
	return (ssize_t)length;
}

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	return 0;
}

void fuzz_begin(void)
{
	if (link_router_open(&router, ROUTE_TABLE_MAIN, NULL) != 0)
		abort();
}

static void read_link(void)
{
	struct link_info info = {.index = -1};
	struct diag diag = {0};
	int error = link_read(&router.link, "wg0", &info, &diag);
	if (error)
		FUZZ_HOLDS(error < 0 && info.index == -1 && *diag_text(&diag));
	else
		FUZZ_HOLDS(info.index != 0 && strcmp(info.name, "wg0") == 0 &&
			   memchr(info.kind, '\0', sizeof info.kind));
	diag_clear(&diag);
}

static void read_addresses(void)
{
	struct prefix *prefixes = NULL;
	size_t count = 0;
	struct diag diag = {0};
	int error = link_list_addresses(&router.link, INDEX, &prefixes, &count, &diag);
	FUZZ_HOLDS(error <= 0 && (!error || *diag_text(&diag)));
	for (size_t i = 0; i < count; i++)
		FUZZ_HOLDS(prefixes[i].length <= ip_bits(&prefixes[i].ip));
	free(prefixes);
	diag_clear(&diag);
}

static void configure_address(void)
{
	const struct prefix address = {
		.ip = {.bytes = {10, 0, 0, 1}, .family = IP_V4}, .length = 32};
	FUZZ_HOLDS(link_configure_address(&router.link, INDEX, &address, false, NULL) <= 0);
}

static void read_routes(void)
{
	struct router table = link_router(&router);
	struct route_table routes = {0};
	struct diag diag = {0};
	int error = table.ops->read_routes(table.impl, "wg0", &routes, &diag);
	FUZZ_HOLDS(error <= 0);
	FUZZ_HOLDS(!error || (*diag_text(&diag) && !routes.routes));
	for (size_t i = 0; i < routes.count; i++) {
		const struct prefix *destination = &routes.routes[i].destination;
		FUZZ_HOLDS(destination->length <= ip_bits(&destination->ip));
		FUZZ_HOLDS(i == 0 ||
			   prefix_compare(destination, &routes.routes[i - 1].destination) >= 0);
	}
	route_table_clear(&routes);
	diag_clear(&diag);
}

/* The kernel reports changes without a request. */
static void watch(const char *text, size_t length)
{
	static _Alignas(struct nlmsghdr) unsigned char bytes[NETLINK_TEXT_MAX];
	struct netlink_text source = {text, text + length, 0};
	struct link_watch watch = {.index = INDEX, .name = "wg0", .router = &router};
	int ends[2];
	size_t size;
	bool has_changed;
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends) != 0)
		abort();
	watch.fd = ends[0];
	/* Up to the capacity. */
	while ((size = netlink_text_next(&source, bytes)) && send(ends[1], bytes, size, 0) > 0)
		;
	FUZZ_HOLDS(link_watch_take(&watch, &has_changed, NULL) == 0);
	FUZZ_HOLDS(has_changed || watch.index == INDEX);
	close(ends[1]);
	link_watch_close(&watch);
}

void fuzz_one(const char *text, size_t length)
{
	static void (*const requests[])(void) = {
		read_link, read_addresses, configure_address, read_routes};
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		kernel = (struct netlink_text){text, text + length, 0};
		requests[i]();
	}
	watch(text, length);
}
