/* SPDX-License-Identifier: Apache-2.0 */
#include "interface_config.h"

#include "diag.h"
#include "ipv6_obstacle.h"

#include <errno.h>
#include <string.h>

void config_apply_defaults(struct interface_config *config)
{
	if (!config->interface_name[0])
		strcpy(config->interface_name, INTERFACE_NAME_DEFAULT);
	if (config->listen_port == 0)
		config->listen_port = INTERFACE_PORT_DEFAULT;
}

static bool name_is(const char *name, size_t length, const char *other)
{
	return length == strlen(other) && memcmp(name, other, length) == 0;
}

bool interface_name_is_valid(const char *name, size_t length)
{
	static const char *const reserved[] = {".", "..", "all", "default"};
	if (length < 1 || length > INTERFACE_NAME_MAX)
		return false;
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)name[i];
		if (c <= ' ' || c == 0x7f || c == '/' || c == '%' || c == ':')
			return false;
	}
	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
		if (name_is(name, length, reserved[i]))
			return false;
	return true;
}

int config_validate(const struct interface_config *config, struct diag *diag)
{
	const char *fault = NULL;
	if (!interface_name_is_valid(config->interface_name, strlen(config->interface_name)))
		fault = "InterfaceName must have 1 to 15 bytes, none of them '/', '%', ':', a "
			"space or a control character, and not be '.', '..', 'all' or 'default'";
	else if (config->listen_port < 1 || config->listen_port > 65535)
		fault = "ListenPort must be between 1 and 65535";
	else if (config->mtu < 0)
		fault = "MTU must not be negative";
	else if (config->persistent_keepalive_s < 0 ||
		 config->persistent_keepalive_s > PERSISTENT_KEEPALIVE_MAX)
		fault = "PersistentKeepalive must be between 0 and 65535";
	if (!fault)
		return 0;
	return diag_fail(diag, -EINVAL, "wireguard: config: %s", fault);
}

int config_validate_address(
	const struct interface_config *config, const struct ip *address, struct diag *diag)
{
	if (address->family != IP_V6 || config->mtu == 0 || config->mtu >= IPV6_MTU_MIN)
		return 0;
	return diag_fail(diag, -EINVAL,
		"wireguard: config: MTU must be at least %d with an IPv6 mesh address",
		IPV6_MTU_MIN);
}
