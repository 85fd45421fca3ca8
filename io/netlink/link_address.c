/* SPDX-License-Identifier: Apache-2.0 */
/* The part of link.h that concerns addresses. */
#include "array.h"
#include "diag.h"
#include "link.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>

#define DUMP_TRIES_MAX       5
#define CONFIGURE_ROUNDS_MAX 4

/* An address with everything that a request to remove it needs. */
struct link_address {
	struct prefix prefix;
	struct ifaddrmsg header;
	uint8_t local[16];
	uint8_t address[16]; /* the peer's on a point-to-point link; else equal to local */
};

struct address_list {
	int index;
	struct link_address *addresses;
	size_t count;
	size_t capacity;
};

static size_t family_bytes(uint8_t family)
{
	return family == AF_INET ? 4 : 16;
}

static int address_list_append(struct address_list *list, const struct link_address *address)
{
	struct link_address *addresses =
		array_grow(list->addresses, list->count, &list->capacity, sizeof *addresses);
	if (!addresses)
		return -ENOMEM;
	list->addresses = addresses;
	list->addresses[list->count++] = *address;
	return 0;
}

static int address_decode(void *impl, struct nlmsghdr *header)
{
	struct address_list *list = impl;
	struct nlattr *attributes[IFA_MAX + 1];
	if (header->nlmsg_type != RTM_NEWADDR ||
		nlmsg_parse(header, sizeof(struct ifaddrmsg), attributes, IFA_MAX, NULL) < 0)
		return -EIO;
	struct link_address address = {0};
	memcpy(&address.header, nlmsg_data(header), sizeof address.header);
	uint8_t family = address.header.ifa_family;
	/* Kernels that do not filter send the addresses of all links. */
	if (address.header.ifa_index != (unsigned)list->index ||
		(family != AF_INET && family != AF_INET6))
		return 0;
	struct nlattr *end = attributes[IFA_ADDRESS];
	struct nlattr *local = attributes[IFA_LOCAL] ? attributes[IFA_LOCAL] : end;
	if (!end)
		end = local;
	size_t bytes = family_bytes(family);
	if (!local || (size_t)nla_len(local) != bytes || (size_t)nla_len(end) != bytes ||
		address.header.ifa_prefixlen > bytes * 8)
		return -EIO;
	memcpy(address.local, nla_data(local), bytes);
	memcpy(address.address, nla_data(end), bytes);
	address.prefix = (struct prefix){
		/* Not ip_from_bytes: an IPv4-mapped IPv6 address is not an IPv4 address of the
		 * link. */
		.ip = {.family = family == AF_INET ? IP_V4 : IP_V6},
		.length = address.header.ifa_prefixlen,
	};
	memcpy(address.prefix.ip.bytes, address.local, bytes);
	return address_list_append(list, &address);
}

static int address_message_send(struct link *link, int type, int flags,
	const struct link_address *address, struct diag *diag)
{
	struct nl_msg *message = nlmsg_alloc_simple(type, flags);
	struct ifaddrmsg header = {
		.ifa_family = address->header.ifa_family,
		.ifa_prefixlen = address->header.ifa_prefixlen,
		.ifa_index = address->header.ifa_index,
	};
	int bytes = (int)family_bytes(header.ifa_family);
	int error;
	if (message && nlmsg_append(message, &header, sizeof header, NLMSG_ALIGNTO) >= 0 &&
		nla_put(message, IFA_LOCAL, bytes, address->local) >= 0 &&
		nla_put(message, IFA_ADDRESS, bytes, address->address) >= 0)
		error = netlink_socket_exchange(&link->netlink, message, NULL, NULL, diag);
	else
		error = diag_fail_errno(diag, -ENOMEM);
	nlmsg_free(message);
	return error;
}

static int address_add(struct link *link, int index, const struct prefix *prefix, struct diag *diag)
{
	struct link_address address = {
		.header.ifa_family = prefix->ip.family == IP_V4 ? AF_INET : AF_INET6,
		.header.ifa_prefixlen = prefix->length,
		.header.ifa_index = (unsigned)index,
	};
	memcpy(address.local, prefix->ip.bytes, sizeof address.local);
	memcpy(address.address, prefix->ip.bytes, sizeof address.address);
	return address_message_send(link, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &address, diag);
}

static int address_remove(struct link *link, const struct link_address *address, struct diag *diag)
{
	int error = address_message_send(link, RTM_DELADDR, 0, address, diag);
	/* Gone already: the kernel removes secondary addresses with their primary one. */
	return error == -EADDRNOTAVAIL ? 0 : error;
}

/* On failure the list is empty. */
static int address_list_read(
	struct link *link, int index, struct address_list *list, struct diag *diag)
{
	*list = (struct address_list){.index = index};
	struct nl_msg *message = nlmsg_alloc_simple(RTM_GETADDR, NLM_F_DUMP);
	struct ifaddrmsg header = {.ifa_index = (unsigned)index};
	int error = -ENOMEM;
	if (!message || nlmsg_append(message, &header, sizeof header, NLMSG_ALIGNTO) < 0) {
		nlmsg_free(message);
		return diag_fail_errno(diag, error);
	}
	struct netlink_handler handler = {address_decode, list};
	for (int tries = 0; tries < DUMP_TRIES_MAX; tries++) {
		list->count = 0;
		error = netlink_socket_exchange(&link->netlink, message, &handler, NULL, diag);
		if (error != -EAGAIN)
			break;
	}
	nlmsg_free(message);
	if (error) {
		free(list->addresses);
		*list = (struct address_list){.index = index};
	}
	return error;
}

int link_list_addresses(
	struct link *link, int index, struct prefix **ret, size_t *ret_count, struct diag *diag)
{
	struct address_list list;
	int error = address_list_read(link, index, &list, diag);
	if (error)
		return error;
	struct prefix *prefixes = calloc(list.count + 1, sizeof *prefixes);
	if (prefixes) {
		for (size_t i = 0; i < list.count; i++)
			prefixes[i] = list.addresses[i].prefix;
		*ret = prefixes;
		*ret_count = list.count;
	} else {
		error = diag_fail_errno(diag, -ENOMEM);
	}
	free(list.addresses);
	return error;
}

static bool is_blocker(const struct prefix *other, const struct prefix *wanted)
{
	return wanted->ip.family == IP_V6 && ip_equal(&other->ip, &wanted->ip) &&
	       other->length != wanted->length;
}

/* Remove all unwanted addresses, or only those that prevent adding the wanted one. */
static int addresses_remove(struct link *link, const struct address_list *list,
	const struct prefix *wanted, bool only_blockers, bool *changed, struct diag *diag)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct prefix *prefix = &list->addresses[i].prefix;
		if (only_blockers ? !is_blocker(prefix, wanted)
				  : prefix_equal(prefix, wanted) || ip_is_link_local(&prefix->ip))
			continue;
		int error = address_remove(link, &list->addresses[i], diag);
		if (error)
			return diag_wrap(diag, error, "remove %s", prefix_format(prefix).text);
		*changed = true;
	}
	return 0;
}

static bool address_list_has(const struct address_list *list, const struct prefix *prefix)
{
	for (size_t i = 0; i < list->count; i++)
		if (prefix_equal(&list->addresses[i].prefix, prefix))
			return true;
	return false;
}

/* Read the addresses once and change what differs. */
static int configure_once(struct link *link, int index, const struct prefix *address,
	bool keep_others, bool *changed, struct diag *diag)
{
	struct address_list list;
	int error = address_list_read(link, index, &list, diag);
	if (error)
		return error;
	error = addresses_remove(link, &list, address, true, changed, diag);
	if (!error && !address_list_has(&list, address)) {
		error = address_add(link, index, address, diag);
		*changed = true;
	}
	if (!error && !keep_others)
		error = addresses_remove(link, &list, address, false, changed, diag);
	free(list.addresses);
	return error;
}

/* Removing an IPv4 address can remove others, even the wanted one, so read again after a change. */
int link_configure_address(struct link *link, int index, const struct prefix *address,
	bool keep_others, struct diag *diag)
{
	for (int round = 0; round < CONFIGURE_ROUNDS_MAX; round++) {
		bool changed = false;
		int error = configure_once(link, index, address, keep_others, &changed, diag);
		if (error || !changed)
			return error;
	}
	return diag_fail(diag, -EBUSY, "the addresses of the link keep changing");
}
