/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint.h"

#include "diag.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PORT_FAULT "the port is not between 1 and 65535"

/* Reject leading zeros; accept 0, which devices report. */
static bool port_parse(const char *text, size_t length, uint16_t *ret)
{
	if (length == 0 || length > 5 || (text[0] == '0' && length > 1))
		return false;
	unsigned value = 0;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (unsigned)(text[i] - '0');
	}
	if (value > UINT16_MAX)
		return false;
	*ret = (uint16_t)value;
	return true;
}

/* Parse "fe80::1%zone", the text between the brackets. Return the fault, or NULL. */
static const char *bracketed_parse(const char *text, size_t length, struct endpoint *ret)
{
	const char *percent = memchr(text, '%', length);
	size_t ip_length = percent ? (size_t)(percent - text) : length;
	if (!memchr(text, ':', ip_length) || !ip_parse(text, ip_length, &ret->ip))
		return "not an IPv6 address in the brackets";
	ret->kind = ENDPOINT_IP;
	if (!percent)
		return NULL;
	const char *zone = percent + 1;
	size_t zone_length = length - ip_length - 1;
	if (ret->ip.family != IP_V6 || !ip_is_link_local(&ret->ip))
		return "a zone is for link-local addresses only";
	if (zone_length == 0 || zone_length > ENDPOINT_ZONE_MAX)
		return "a zone has 1 to 15 bytes";
	for (size_t i = 0; i < zone_length; i++)
		if ((uint8_t)zone[i] <= ' ' || zone[i] == '/' || zone[i] == '%' || zone[i] == 0x7f)
			return "the zone is not an interface name";
	memcpy(ret->zone, zone, zone_length);
	return NULL;
}

static bool is_host_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

/*
 * Labels have 1 to 63 characters; a dot may end the name. A last label of digits only is rejected:
 * it is a misspelt IPv4 address.
 */
static bool host_is_valid(const char *text, size_t length)
{
	if (length > 1 && text[length - 1] == '.')
		length--;
	if (length == 0 || length > ENDPOINT_HOST_MAX)
		return false;
	size_t label = 0;
	bool only_digits = true;
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '.') {
			if (label == 0)
				return false;
			label = 0;
			only_digits = true;
			continue;
		}
		if (!is_host_character(text[i]) || ++label > 63)
			return false;
		only_digits = only_digits && text[i] >= '0' && text[i] <= '9';
	}
	return label > 0 && !only_digits;
}

static const char *unbracketed_parse(
	const char *text, size_t length, char *host, struct endpoint *ret)
{
	if (memchr(text, ':', length))
		return "an IPv6 address needs brackets";
	if (ip_parse(text, length, &ret->ip)) {
		ret->kind = ENDPOINT_IP;
		return NULL;
	}
	if (!host_is_valid(text, length) || length > ENDPOINT_HOST_MAX)
		return "neither an IP address nor a host name";
	memcpy(host, text, length);
	host[length] = '\0';
	ret->host = host;
	ret->kind = ENDPOINT_NAME;
	return NULL;
}

/* Accept every port, also 0. Return the fault, or NULL. */
static const char *text_parse(
	const char *text, size_t length, char *host, struct endpoint *endpoint)
{
	*endpoint = (struct endpoint){0};
	if (length == 0)
		return NULL;
	const char *colon = memrchr(text, ':', length);
	if (!colon)
		return "no port";
	size_t before = (size_t)(colon - text);
	const char *fault;
	if (before >= 2 && text[0] == '[' && colon[-1] == ']')
		fault = bracketed_parse(text + 1, before - 2, endpoint);
	else
		fault = unbracketed_parse(text, before, host, endpoint);
	if (!fault && !port_parse(colon + 1, length - before - 1, &endpoint->port))
		fault = PORT_FAULT;
	return fault;
}

int endpoint_parse(
	const char *text, size_t length, char *host, struct endpoint *ret, struct diag *diag)
{
	struct endpoint endpoint;
	const char *fault = text_parse(text, length, host, &endpoint);
	if (!fault && endpoint.kind != ENDPOINT_NONE && endpoint.port == 0)
		fault = PORT_FAULT;
	if (fault)
		return diag_fail(diag, -EINVAL, "%s: %s", quote(text, length).text, fault);
	*ret = endpoint;
	return 0;
}

/* Return why no packet can be sent to `ip`, or NULL. */
static const char *ip_fault(const struct ip *ip)
{
	if (ip_is_unspecified(ip))
		return "the unspecified address";
	if (ip_is_multicast(ip))
		return "a multicast address";
	if (ip_is_reserved(ip))
		return "a reserved address";
	return NULL;
}

int endpoint_validate(const struct endpoint *endpoint, struct diag *diag)
{
	if (endpoint->kind != ENDPOINT_IP)
		return 0;
	const char *fault = ip_fault(&endpoint->ip);
	if (!fault && endpoint->ip.family == IP_V6 && ip_is_link_local(&endpoint->ip) &&
		!endpoint->zone[0])
		fault = "a link-local address without a zone";
	if (!fault)
		return 0;
	struct endpoint_text text = endpoint_format(endpoint);
	return diag_fail(diag, -EINVAL, "%s: %s", quote(text.text, strlen(text.text)).text, fault);
}

static struct endpoint unusable(const char *text, size_t length, char *host)
{
	if (length > ENDPOINT_HOST_MAX)
		length = ENDPOINT_HOST_MAX;
	for (size_t i = 0; i < length; i++)
		host[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	host[length] = '\0';
	return (struct endpoint){.kind = ENDPOINT_UNUSABLE, .host = host};
}

static bool is_usable(const struct endpoint *endpoint)
{
	return endpoint->kind == ENDPOINT_NONE || (endpoint->port > 0 && !ip_fault(&endpoint->ip));
}

int endpoint_parse_reported(
	const char *text, size_t length, char *host, struct endpoint *ret, struct diag *diag)
{
	struct endpoint endpoint;
	const char *fault = text_parse(text, length, host, &endpoint);
	if (!fault && endpoint.kind == ENDPOINT_NAME)
		fault = "not an IP address";
	if (fault)
		return diag_fail(diag, -EINVAL, "%s: %s", quote(text, length).text, fault);
	*ret = is_usable(&endpoint) ? endpoint : unusable(text, length, host);
	return 0;
}

struct endpoint endpoint_from_device(const char *text, size_t length, char *host)
{
	struct endpoint endpoint;
	int error = endpoint_parse_reported(text, length, host, &endpoint, NULL);
	return error ? unusable(text, length, host) : endpoint;
}

struct endpoint endpoint_from_device_ip(const struct endpoint *reported, char *host)
{
	if (is_usable(reported))
		return *reported;
	struct endpoint_text text = endpoint_format(reported);
	return unusable(text.text, strlen(text.text), host);
}

bool endpoint_has_host(const struct endpoint *endpoint)
{
	return endpoint->kind == ENDPOINT_NAME || endpoint->kind == ENDPOINT_UNUSABLE;
}

struct endpoint_text endpoint_format(const struct endpoint *endpoint)
{
	struct endpoint_text text = {""};
	switch ((enum endpoint_kind)endpoint->kind) {
	case ENDPOINT_NONE:
		break;
	case ENDPOINT_UNUSABLE:
		snprintf(text.text, sizeof text.text, "%s", endpoint->host);
		break;
	case ENDPOINT_NAME:
		snprintf(text.text, sizeof text.text, "%s:%u", endpoint->host, endpoint->port);
		break;
	case ENDPOINT_IP:
		if (endpoint->ip.family == IP_V4)
			snprintf(text.text, sizeof text.text, "%s:%u",
				ip_format(&endpoint->ip).text, endpoint->port);
		else
			snprintf(text.text, sizeof text.text, "[%s%s%s]:%u",
				ip_format(&endpoint->ip).text, endpoint->zone[0] ? "%" : "",
				endpoint->zone, endpoint->port);
		break;
	}
	return text;
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	if (a->kind != b->kind || a->port != b->port)
		return false;
	if (endpoint_has_host(a))
		return strcmp(a->host, b->host) == 0;
	if (!ip_equal(&a->ip, &b->ip))
		return false;
	return !a->zone[0] || !b->zone[0] || strcmp(a->zone, b->zone) == 0;
}
