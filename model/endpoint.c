#include "endpoint.h"

#include "diag.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool port_parse(const char *text, size_t length, uint16_t *ret)
{
	if (length == 0 || length > 5 || text[0] == '0')
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

/* "fe80::1%zone", the brackets gone. Returns what is wrong with it, or NULL. */
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
			return "not an interface's name as the zone";
	memcpy(ret->zone, zone, zone_length);
	return NULL;
}

static bool is_host_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

/*
 * Labels of 1 to 63 characters, a dot allowed at the end. A last label of digits only would be a
 * misspelt IPv4 address.
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

int endpoint_parse(
	const char *text, size_t length, char *host, struct endpoint *ret, struct diag *diag)
{
	struct endpoint endpoint = {0};
	if (length == 0) {
		*ret = endpoint;
		return 0;
	}
	const char *colon = memrchr(text, ':', length);
	const char *fault = NULL;
	if (!colon) {
		fault = "no port";
	} else {
		size_t before = (size_t)(colon - text);
		if (before >= 2 && text[0] == '[' && colon[-1] == ']')
			fault = bracketed_parse(text + 1, before - 2, &endpoint);
		else
			fault = unbracketed_parse(text, before, host, &endpoint);
		if (!fault && !port_parse(colon + 1, length - before - 1, &endpoint.port))
			fault = "the port is not between 1 and 65535";
	}
	if (fault)
		return diag_fail(diag, -EINVAL, "%s: %s", quote(text, length).text, fault);
	*ret = endpoint;
	return 0;
}

int endpoint_validate(const struct endpoint *endpoint, struct diag *diag)
{
	const char *fault = NULL;
	if (endpoint->kind != ENDPOINT_IP)
		return 0;
	if (ip_is_unspecified(&endpoint->ip))
		fault = "the unspecified address";
	else if (ip_is_multicast(&endpoint->ip))
		fault = "a multicast address";
	else if (endpoint->ip.family == IP_V6 && ip_is_link_local(&endpoint->ip) &&
		 !endpoint->zone[0])
		fault = "a link-local address without a zone";
	if (!fault)
		return 0;
	struct endpoint_text text = endpoint_format(endpoint);
	return diag_fail(diag, -EINVAL, "%s: %s", quote(text.text, strlen(text.text)).text, fault);
}

struct endpoint_text endpoint_format(const struct endpoint *endpoint)
{
	struct endpoint_text text = {""};
	switch ((enum endpoint_kind)endpoint->kind) {
	case ENDPOINT_NONE:
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
	if (a->kind == ENDPOINT_NAME)
		return strcmp(a->host, b->host) == 0;
	if (!ip_equal(&a->ip, &b->ip))
		return false;
	return !a->zone[0] || !b->zone[0] || strcmp(a->zone, b->zone) == 0;
}
