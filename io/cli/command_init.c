/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "diag.h"
#include "identity_make.h"
#include "report_error.h"

#include <stdio.h>

int command_init(const struct options *options)
{
	struct identity identity = {0};
	struct diag diag = {0};
	int error = identity_make(
		options->identity_directory, options->node_id, &options->mesh_ip, &identity, &diag);
	if (error)
		report_error("init: %s", diag_text(&diag));
	else
		puts(key_public_format(&identity.public_key).text);
	identity_clear(&identity);
	diag_clear(&diag);
	return error ? STATUS_ERROR : 0;
}
