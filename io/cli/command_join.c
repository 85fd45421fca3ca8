/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "diag.h"
#include "log_escape.h"
#include "node_join.h"
#include "report_error.h"
#include "secret_file.h"

#include <stdio.h>

static int join(const struct options *options, const char *token, struct diag *diag)
{
	struct node_join_settings settings = {
		.api_url = options->api_url,
		.ca_path = options->ca_path,
		.identity_directory = options->identity_directory,
		.join_token = token,
		.state_bytes_max = (size_t)options->max_state_mib << 20,
	};
	struct node_joined joined;
	int error = node_join(&settings, &joined, diag);
	if (error)
		return error;
	if (joined.peers_fault)
		report_error("join: the first peers are not cached: %s", joined.peers_fault);
	fputs("joined as ", stdout);
	word_print(stdout, joined.node_id);
	printf(", mesh address %s\n", ip_format(&joined.mesh_ip).text);
	node_joined_clear(&joined);
	return 0;
}

int command_join(const struct options *options)
{
	char *token;
	struct diag diag = {0};
	int error = secret_file_read(options->token_path, &token, &diag);
	if (!error) {
		error = join(options, token, &diag);
		secret_text_free(token);
	}
	if (error)
		report_error("join: %s", diag_text(&diag));
	diag_clear(&diag);
	return error ? STATUS_ERROR : 0;
}
