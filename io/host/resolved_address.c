#include "resolved_address.h"

#include "endpoint.h"

#include <netdb.h>
#include <netinet/in.h>

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

bool resolved_address(const struct addrinfo *list, struct ip *ret)
{
	for (const struct addrinfo *info = list; info; info = info->ai_next) {
		struct endpoint endpoint = {.kind = ENDPOINT_IP, .port = 1};
		if (address_read(info, &endpoint.ip) && endpoint_validate(&endpoint, NULL) == 0) {
			*ret = endpoint.ip;
			return true;
		}
	}
	return false;
}
