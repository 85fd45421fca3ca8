/* SPDX-License-Identifier: Apache-2.0 */
#include "api_client.h"

#include "api_call.h"
#include "diag.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Escape all but the unreserved characters of RFC 3986. */
static char *node_path_make(const char *node_id)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~";
	static const char hex[] = "0123456789ABCDEF";
	static const char prefix[] = "/v1/nodes/";
	char *path = malloc(sizeof prefix + 3 * strlen(node_id));
	if (!path)
		return NULL;
	memcpy(path, prefix, sizeof prefix);
	char *out = path + sizeof prefix - 1;
	for (; *node_id; node_id++) {
		unsigned char byte = (unsigned char)*node_id;
		if (strchr(plain, byte)) {
			*out++ = (char)byte;
			continue;
		}
		*out++ = '%';
		*out++ = hex[byte >> 4];
		*out++ = hex[byte & 15];
	}
	*out = '\0';
	return path;
}

static void options_apply_defaults(struct api_options *options)
{
	if (!options->request_idle_ms)
		options->request_idle_ms = API_REQUEST_IDLE_MS;
	if (!options->least_rate)
		options->least_rate = API_LEAST_RATE;
	if (!options->stream_idle_ms)
		options->stream_idle_ms = API_STREAM_IDLE_MS;
	if (!options->state_bytes_max)
		options->state_bytes_max = API_STATE_BYTES_MAX;
	if (!options->event_bytes_max)
		options->event_bytes_max = API_EVENT_BYTES_MAX;
	/* These belong to the caller; the client has copies in its other members. */
	options->url = options->node_id = options->ca_file = options->user_agent = NULL;
}

int api_client_init(struct api_client *client, struct loop *loop, const struct api_options *options,
	struct diag *diag)
{
	const char *node_id = options->node_id;
	if (node_id && !api_node_id_is_valid(node_id))
		return diag_fail(diag, -EINVAL, "node id %s: cannot be part of a URL",
			quote(node_id, strlen(node_id)).text);
	struct api_client made = {.options = *options};
	options_apply_defaults(&made.options);
	int error = http_url_parse(options->url, &made.url, diag);
	if (error)
		return diag_wrap(diag, error, "URL of the control plane");
	if (node_id) {
		made.node_id = strdup(node_id);
		made.node_path = node_path_make(node_id);
		if (!made.node_id || !made.node_path)
			error = diag_fail_errno(diag, -ENOMEM);
	}
	if (!error) {
		*client = made;
		error = http_client_init(&client->http, loop, options->ca_file,
			options->user_agent ? options->user_agent : "plexwg", diag);
	}
	if (!error)
		return 0;
	http_url_clear(&made.url);
	free(made.node_id);
	free(made.node_path);
	return error;
}

void api_client_deinit(struct api_client *client)
{
	http_client_deinit(&client->http);
	while (client->calls)
		api_call_drop(client->calls);
	http_url_clear(&client->url);
	free(client->node_id);
	free(client->node_path);
	*client = (struct api_client){0};
}
