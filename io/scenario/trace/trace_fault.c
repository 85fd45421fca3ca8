/* SPDX-License-Identifier: Apache-2.0 */
#include "trace_fault.h"

#include <stdio.h>
#include <string.h>

#define TEXT_44  "............................................"
#define TEXT_64  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define TEXT_256 TEXT_64 TEXT_64 TEXT_64 TEXT_64
#define ZERO_KEY "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

/* The first that fits counts. */
static const struct trace_fault faults[] = {
	{"not an object", "", "not an object", ""},
	{"id: ", "missing", "id: missing", ""},
	{"id: ", "empty", "id: empty", "\"id\":\"\""},
	{"id: ", "bytes", "id: bytes", "\"id\":\"" TEXT_256 "\""},
	{"id: ", "NUL", "id: NUL", "\"id\":\"\\u0000\""},
	{"id: ", "", "id: ", "\"id\":0"},
	{"public_key: ", "missing", "public_key: missing", ""},
	{"public_key: ", "all zero", "public_key: all zero", "\"public_key\":\"" ZERO_KEY "\""},
	{"public_key: ", "not base64", "public_key: not base64", "\"public_key\":\"" TEXT_44 "\""},
	{"public_key: ", "not a string", "public_key: not a string", "\"public_key\":0"},
	{"public_key: ", "", "public_key: ", "\"public_key\":\"unusable\""},
	{"mesh_ip: ", "not a string", "mesh_ip: not a string", "\"mesh_ip\":0"},
	{"mesh_ip: ", "", "mesh_ip: ", "\"mesh_ip\":\"unusable\""},
	{"endpoint: ", "not a string", "endpoint: not a string", "\"endpoint\":0"},
	{"endpoint: ", ": no port", "endpoint: no port", "\"endpoint\":\"unusable\""},
	{"endpoint: ", ": the port is not", "endpoint: the port is not",
		"\"endpoint\":\"192.0.2.1:0\""},
	{"endpoint: ", ": an IPv6 address needs", "endpoint: an IPv6 address needs",
		"\"endpoint\":\"2001:db8::1:1\""},
	{"endpoint: ", ": not an IPv6 address", "endpoint: not an IPv6 address",
		"\"endpoint\":\"[unusable]:1\""},
	{"endpoint: ", ": a zone is for", "endpoint: a zone is for",
		"\"endpoint\":\"[2001:db8::1%z]:1\""},
	{"endpoint: ", ": a zone has", "endpoint: a zone has", "\"endpoint\":\"[fe80::1%]:1\""},
	{"endpoint: ", ": the zone is not", "endpoint: the zone is not",
		"\"endpoint\":\"[fe80::1%/]:1\""},
	{"endpoint: ", ": neither an IP", "endpoint: neither an IP", "\"endpoint\":\"!:1\""},
	{"endpoint: ", ": the unspecified", "endpoint: the unspecified",
		"\"endpoint\":\"0.0.0.0:1\""},
	{"endpoint: ", ": a multicast", "endpoint: a multicast", "\"endpoint\":\"224.0.0.1:1\""},
	{"endpoint: ", ": a link-local", "endpoint: a link-local", "\"endpoint\":\"[fe80::1]:1\""},
	{"endpoint: ", "", "endpoint: ", "\"endpoint\":\"unresolved.invalid:1\""},
	{"allowed_ips: ", "missing", "allowed_ips: missing", ""},
	{"allowed_ips: ", "", "allowed_ips: ", "\"allowed_ips\":0"},
	{"allowed_ips[", "not a string", "allowed_ips[]: not a string", "\"allowed_ips\":[0]"},
	{"allowed_ips[", ": prefix length over 32", "allowed_ips[]: prefix length over 32",
		"\"allowed_ips\":[\"192.0.2.0/33\"]"},
	{"allowed_ips[", ": prefix length over 128", "allowed_ips[]: prefix length over 128",
		"\"allowed_ips\":[\"2001:db8::/129\"]"},
	{"allowed_ips[", ": prefix length is not", "allowed_ips[]: prefix length is not",
		"\"allowed_ips\":[\"192.0.2.0/x\"]"},
	{"allowed_ips[", "", "allowed_ips[]: ", "\"allowed_ips\":[\"unusable\"]"},
	{"psk: ", "not base64", "psk: not base64", "\"psk\":\"" TEXT_44 "\""},
	{"psk: ", "not a string", "psk: not a string", "\"psk\":0"},
	{"psk: ", "", "psk: ", "\"psk\":\"unusable\""},
	{"persistent_keepalive: ", "negative", "persistent_keepalive: negative",
		"\"persistent_keepalive\":-1"},
	{"persistent_keepalive: ", "over", "persistent_keepalive: over",
		"\"persistent_keepalive\":65536"},
	{"persistent_keepalive: ", "",
		"persistent_keepalive: ", "\"persistent_keepalive\":\"unusable\""},
	/* Any other fault, such as a repeated member, which a scenario cannot have. */
	{"", "", "other", "\"persistent_keepalive\":\"unusable\""},
};

static bool fault_begins(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* Skip `peers[3] "peer-7": ` in an error; the quoted id may contain anything. */
static const char *fault_place_skip(const char *error)
{
	const char *next = error;
	if (fault_begins(next, "peers[")) {
		next += strcspn(next, "]");
		next += *next == ']';
		next += *next == ' ';
	}
	if (*next == '"') {
		next++;
		while (*next && *next != '"')
			next += next[0] == '\\' && next[1] ? 2 : 1;
		next += *next == '"';
	}
	next += strspn(next, ".");
	return fault_begins(next, ": ") ? next + 2 : next;
}

const struct trace_fault *trace_fault_find(const char *error)
{
	const char *text = fault_place_skip(error);
	const struct trace_fault *fault = faults;
	while (!fault_begins(text, fault->member) || !strstr(text, fault->fault))
		fault++;
	return fault;
}
