/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the interface is to be, apart from its peers. Zero members mean the default.
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
	int mtu;                    /* 0: left to the system */
	int persistent_keepalive_s; /* for peers that name none; 0: off */
	bool has_fwmark;            /* else the device's mark is left alone */
	uint32_t fwmark;
	bool keep_addresses; /* other addresses on the interface are left alone */
};

void config_apply_defaults(struct interface_config *config);

/* Returns 0 or -EINVAL with a text such as
 * `wireguard: config: ListenPort must be between 1 and 65535`. */
int config_validate(const struct interface_config *config, struct diag *diag);

/* The same of what goes with that address of the interface: an MTU of 1280 and more, if it is IPv6.
 */
int config_validate_address(
	const struct interface_config *config, const struct ip *address, struct diag *diag);

/*
 * 1 to 15 bytes, no `/`, space or control character, not `.` or `..`: it becomes part of paths. No
 * `%`, from which the kernel makes a name of its own, no `:`, and not `all` or `default`, which
 * name no single interface in other programs and in /proc/sys.
 */
bool interface_name_is_valid(const char *name, size_t length);
