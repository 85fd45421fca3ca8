/* SPDX-License-Identifier: Apache-2.0 */
#include "node_join.h"

#include "api_client.h"
#include "diag.h"
#include "state_store_file.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct joining {
	const struct node_join_settings *settings;
	struct loop loop;
	struct api_client client;
	struct node_joined joined;
	int error;
	struct diag *diag;
};

/* Cache the peers as the last good state, as if they had been fetched. */
static int peers_save(const struct joining *joining, const struct api_registration *registration,
	struct diag *diag)
{
	struct state_store_file cache;
	struct state_store_file_owner owner = {
		.directory = joining->settings->identity_directory,
		.node_id = registration->node_id,
		.source = joining->settings->api_url,
	};
	struct pending_events pending = {0};
	struct peer_names names = {0};
	struct state_store_peers none = {.pending = &pending, .names = &names};
	struct secret_buffer document = {0};
	if (!registration->peers.text)
		return 0;
	secret_buffer_append_text(&document, "{\"peers\":");
	secret_buffer_append(&document, registration->peers.text, registration->peers.length);
	secret_buffer_append_text(&document, "}");
	state_store_file_init(&cache, &owner);
	int error = document.out_of_memory ? diag_fail_errno(diag, -ENOMEM)
					   : state_store_file_store_document(&cache, document.bytes,
						     document.length, &none, diag);
	secret_buffer_clear(&document);
	return error;
}

static int registration_take(
	struct joining *joining, const struct api_registration *registration, struct diag *diag)
{
	struct diag peers_diag = {0};
	struct identity_registration identity = {
		.node_id = registration->node_id,
		.mesh_ip = registration->mesh_ip,
		.signing_public_key = registration->signing_public_key,
		.node_secret_key = registration->node_secret_key,
	};
	joining->joined.mesh_ip = registration->mesh_ip;
	joining->joined.node_id = strdup(registration->node_id);
	if (!joining->joined.node_id)
		return diag_fail_errno(diag, -ENOMEM);
	if (peers_save(joining, registration, &peers_diag) != 0)
		joining->joined.peers_fault = strdup(diag_text(&peers_diag));
	diag_clear(&peers_diag);
	/* Write the identity last: it marks the node as joined. */
	return identity_complete(joining->settings->identity_directory, &identity, diag);
}

static void on_registered(
	void *impl, const struct api_result *result, const struct api_registration *registration)
{
	struct joining *joining = impl;
	if (registration)
		joining->error = registration_take(joining, registration, joining->diag);
	else if (result->outcome == API_OUTCOME_UNAUTHORIZED ||
		 result->outcome == API_OUTCOME_FORBIDDEN)
		joining->error = diag_fail(joining->diag, -EACCES,
			"%s: the control plane does not accept the join token", result->error);
	else
		joining->error = diag_fail(joining->diag, -EIO, "%s", result->error);
	loop_stop(&joining->loop);
}

static int registration_ask(struct joining *joining, const struct key_public *public_key)
{
	char hostname[HOST_NAME_MAX + 1];
	if (gethostname(hostname, sizeof hostname) != 0)
		hostname[0] = '\0';
	hostname[HOST_NAME_MAX] = '\0';
	const struct api_register_request request = {
		.join_token = joining->settings->join_token,
		.public_key = public_key,
		.hostname = hostname,
		.on_done = on_registered,
		.impl = joining,
	};
	int error = api_register(&joining->client, &request, NULL, joining->diag);
	if (!error)
		error = loop_run(&joining->loop, joining->diag);
	if (!error)
		error = joining->error;
	return error ? diag_wrap(joining->diag, error, "%s", joining->settings->api_url) : 0;
}

static int identity_obtain(struct joining *joining)
{
	struct identity identity = {0};
	int lock;
	int error = identity_prepare(
		joining->settings->identity_directory, &identity, &lock, joining->diag);
	if (error)
		return error;
	error = registration_ask(joining, &identity.public_key);
	identity_clear(&identity);
	close(lock);
	return error;
}

int node_join(const struct node_join_settings *settings, struct node_joined *ret, struct diag *diag)
{
	struct joining joining = {.settings = settings, .diag = diag};
	struct api_options options = {
		.url = settings->api_url,
		.ca_file = settings->ca_path,
		.state_bytes_max = settings->state_bytes_max,
	};
	int error = loop_init(&joining.loop, diag);
	if (error)
		return error;
	error = api_client_init(&joining.client, &joining.loop, &options, diag);
	if (!error) {
		error = identity_obtain(&joining);
		api_client_deinit(&joining.client);
	}
	loop_deinit(&joining.loop);
	if (error)
		node_joined_clear(&joining.joined);
	else
		*ret = joining.joined;
	return error;
}

void node_joined_clear(struct node_joined *joined)
{
	free(joined->node_id);
	free(joined->peers_fault);
	*joined = (struct node_joined){0};
}
