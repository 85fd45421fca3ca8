/* SPDX-License-Identifier: Apache-2.0 */
#include "resolved_address.h"

#include "endpoint.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static bool address_read(const struct addrinfo *info, struct ip *ret)
{
	const struct sockaddr_in6 *v6 = (const void *)info->ai_addr;
	const struct sockaddr_in *v4 = (const void *)info->ai_addr;
	if (info->ai_family == AF_INET6)
		*ret = ip_from_bytes(IP_V6, v6->sin6_addr.s6_addr);
	else if (info->ai_family == AF_INET)
		*ret = ip_from_bytes(IP_V4, (const uint8_t *)&v4->sin_addr);
	else
		return false;
	return true;
}

struct address_set {
	struct ip ips[RESOLVED_ADDRESSES_MAX];
	size_t count;
};

static void set_add(struct address_set *set, const struct ip *ip)
{
	size_t highest = 0;
	for (size_t i = 0; i < set->count; i++) {
		if (ip_equal(&set->ips[i], ip))
			return;
		if (ip_compare(&set->ips[i], &set->ips[highest]) > 0)
			highest = i;
	}
	if (set->count < RESOLVED_ADDRESSES_MAX)
		set->ips[set->count++] = *ip;
	else if (ip_compare(ip, &set->ips[highest]) < 0)
		set->ips[highest] = *ip;
}

const char *resolved_addresses(const struct addrinfo *list, struct ip **ret, size_t *ret_count)
{
	struct address_set set = {.count = 0};
	for (const struct addrinfo *info = list; info; info = info->ai_next) {
		struct endpoint endpoint = {.kind = ENDPOINT_IP, .port = 1};
		if (address_read(info, &endpoint.ip) && endpoint_validate(&endpoint, NULL) == 0)
			set_add(&set, &endpoint.ip);
	}
	if (!set.count)
		return "no address that packets can be sent to";
	size_t size = set.count * sizeof *set.ips;
	struct ip *ips = malloc(size);
	if (!ips)
		return "out of memory";
	*ret = memcpy(ips, set.ips, size);
	*ret_count = set.count;
	return NULL;
}
