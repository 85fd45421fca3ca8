/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "diag.h"
#include "identity_make.h"
#include "report_error.h"

#include <stdio.h>
#include <string.h>

int command_init(const struct options *options)
{
	struct ip mesh_ip;
	if (!options->identity_directory || !options->mesh_ip) {
		report_error("init: needs --identity DIR and --mesh-ip IP");
		return STATUS_USAGE;
	}
	if (!ip_parse(options->mesh_ip, strlen(options->mesh_ip), &mesh_ip) ||
		!ip_can_be_node(&mesh_ip)) {
		report_error("init: --mesh-ip: %s is no IP address of a node",
			quote(options->mesh_ip, strlen(options->mesh_ip)).text);
		return STATUS_USAGE;
	}
	struct identity identity = {0};
	struct diag diag = {0};
	int error = identity_make(
		options->identity_directory, options->node_id, &mesh_ip, &identity, &diag);
	if (error)
		report_error("init: %s", diag_text(&diag));
	else
		puts(key_public_format(&identity.public_key).text);
	identity_clear(&identity);
	diag_clear(&diag);
	return error ? STATUS_ERROR : 0;
}
