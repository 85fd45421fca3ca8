/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration of the interface, apart from its peers. A zero member means the default.
 */
#pragma once

#include "ip.h"

struct diag;

#define INTERFACE_NAME_MAX       15
#define INTERFACE_NAME_DEFAULT   "plexd0"
#define INTERFACE_PORT_DEFAULT   51820
#define PERSISTENT_KEEPALIVE_MAX 65535

struct interface_config {
	char interface_name[INTERFACE_NAME_MAX + 1];
	int listen_port;
	int mtu;                    /* 0: the system's choice */
	int persistent_keepalive_s; /* of peers whose entry has none; 0: off */
	bool has_fwmark;            /* false: do not touch the device's mark */
	uint32_t fwmark;
	bool keep_addresses; /* do not remove other addresses from the interface */
};

/* Set an empty name and a zero port to their defaults. */
void config_apply_defaults(struct interface_config *config);

/* Return 0, or -EINVAL with a text such as
 * `wireguard: config: ListenPort must be between 1 and 65535`. */
int config_validate(const struct interface_config *config, struct diag *diag);

/* Check the configuration against the mesh address: IPv6 needs an MTU of at least 1280. Return 0 or
 * -EINVAL in the same way. */
int config_validate_address(
	const struct interface_config *config, const struct ip *address, struct diag *diag);

/*
 * Return whether the name is valid: 1 to 15 bytes, none of them a space, a control character, `/`,
 * `%` or `:`, and not `.`, `..`, `all` or `default`. Names become parts of paths; the kernel
 * expands `%`; `all` and `default` stand for every interface in /proc/sys.
 */
bool interface_name_is_valid(const char *name, size_t length);
