/*
 * What of an answer of the system's resolver can be used as an endpoint: the first address that is
 * neither unspecified (blockers answer so) nor multicast nor link-local, for which there is no
 * zone.
 */
#pragma once

#include "ip.h"

struct addrinfo;

#define RESOLVED_UNUSABLE "no address that packets can be sent to"

/* False if there is none. */
bool resolved_address(const struct addrinfo *list, struct ip *ret);
