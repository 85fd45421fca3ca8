/* SPDX-License-Identifier: Apache-2.0 */
#include "peer_config.h"

#include "arena.h"
#include "array.h"
#include "diag.h"
#include "interface_config.h"

#include <errno.h>
#include <string.h>

const char *peer_field_name(enum peer_field_bit bit)
{
	static const char *const names[] = {
#define X(upper, lower) [PEER_FIELD_BIT_##upper] = #lower,
		PEER_FIELDS(X)
#undef X
	};
	return names[bit];
}

static int config_read_id(
	const char *id, struct arena *arena, struct peer_config *peer, struct diag *diag)
{
	if (!id)
		return diag_fail(diag, -EINVAL, "id: missing");
	size_t length = strlen(id);
	if (length == 0)
		return diag_fail(diag, -EINVAL, "id: empty");
	if (length > PEER_ID_MAX)
		return diag_fail(diag, -EINVAL, "id: %zu bytes, at most %d are allowed", length,
			PEER_ID_MAX);
	peer->id = arena_strndup(arena, id, length);
	return peer->id ? 0 : -ENOMEM;
}

static int config_read_public_key(const char *text, struct peer_config *peer, struct diag *diag)
{
	if (!text)
		return diag_fail(diag, -EINVAL, "public_key: missing");
	int error = key_public_parse(text, strlen(text), &peer->public_key, diag);
	return error ? diag_wrap(diag, error, "public_key") : 0;
}

static int check_mesh_ip(const char *text, struct diag *diag)
{
	struct ip ip;
	if (!text || !*text)
		return 0;
	const char *fault = NULL;
	if (!ip_parse(text, strlen(text), &ip))
		fault = "not an IP address";
	else if (!ip_can_be_node(&ip))
		fault = "cannot be the address of a node";
	if (!fault)
		return 0;
	return diag_fail(diag, -EINVAL, "mesh_ip: %s: %s", quote(text, strlen(text)).text, fault);
}

static int config_read_endpoint(
	const char *text, struct arena *arena, struct peer_config *peer, struct diag *diag)
{
	if (!text)
		return 0;
	char host[ENDPOINT_HOST_MAX + 1];
	struct endpoint endpoint;
	int error = endpoint_parse(text, strlen(text), host, &endpoint, diag);
	if (!error)
		error = endpoint_validate(&endpoint, diag);
	if (error)
		return diag_wrap(diag, error, "endpoint");
	if (endpoint.kind == ENDPOINT_NAME) {
		endpoint.host = arena_strndup(arena, host, strlen(host));
		if (!endpoint.host)
			return -ENOMEM;
	}
	peer->endpoint = endpoint;
	return 0;
}

static int config_read_allowed_ips(const struct api_peer *from, struct arena *arena,
	struct peer_config *peer, struct diag *diag)
{
	if (from->allowed_ip_count == 0)
		return 0;
	if (from->allowed_ip_count > UINT32_MAX)
		return diag_fail(diag, -EINVAL, "allowed_ips: too many");
	struct prefix *prefixes = arena_alloc(arena, from->allowed_ip_count * sizeof *prefixes);
	if (!prefixes)
		return -ENOMEM;
	for (size_t i = 0; i < from->allowed_ip_count; i++) {
		const char *text = from->allowed_ips[i];
		int error = prefix_parse(text, strlen(text), &prefixes[i], diag);
		if (error)
			return diag_wrap(diag, error, "allowed_ips[%zu]", i);
	}
	peer->allowed_ips = prefixes;
	peer->allowed_ip_count = (uint32_t)prefixes_normalize(prefixes, from->allowed_ip_count);
	return 0;
}

static int config_read_psk(const char *text, struct peer_config *peer, struct diag *diag)
{
	if (!text || !*text)
		return 0;
	int error = key_secret_parse(text, strlen(text), &peer->psk, diag);
	return error ? diag_wrap(diag, error, "psk") : 0;
}

static int config_read_keepalive(
	int64_t given_s, uint16_t default_s, struct peer_config *peer, struct diag *diag)
{
	if (given_s > PERSISTENT_KEEPALIVE_MAX)
		return diag_fail(
			diag, -EINVAL, "persistent_keepalive: over %d", PERSISTENT_KEEPALIVE_MAX);
	peer->persistent_keepalive_s = given_s < 0 ? default_s : (uint16_t)given_s;
	return 0;
}

int peer_config_from_api(const struct api_peer *from, uint16_t default_keepalive_s,
	struct arena *arena, struct peer_config *ret, struct diag *diag)
{
	struct peer_config peer = {0};
	int error = config_read_id(from->id, arena, &peer, diag);
	if (!error)
		error = config_read_public_key(from->public_key, &peer, diag);
	if (!error)
		error = check_mesh_ip(from->mesh_ip, diag);
	if (!error)
		error = config_read_endpoint(from->endpoint, arena, &peer, diag);
	if (!error)
		error = config_read_allowed_ips(from, arena, &peer, diag);
	if (!error)
		error = config_read_keepalive(
			from->persistent_keepalive_s, default_keepalive_s, &peer, diag);
	if (!error)
		error = config_read_psk(from->psk, &peer, diag);
	if (!error)
		*ret = peer;
	key_secret_wipe(&peer.psk);
	return error;
}

bool peer_allowed_ips_equal(const struct peer_config *a, const struct peer_config *b)
{
	if (a->allowed_ip_count != b->allowed_ip_count)
		return false;
	/* Canonical prefixes have no padding and zero host bits, so their bytes can be compared. */
	return a->allowed_ip_count == 0 ||
	       memcmp(a->allowed_ips, b->allowed_ips,
		       a->allowed_ip_count * sizeof *a->allowed_ips) == 0;
}

static int compare_prefix_to_allowed_ip(const void *a, const void *b)
{
	return prefix_compare(a, b);
}

bool peer_has_allowed_ip(const struct peer_config *peer, const struct prefix *prefix)
{
	size_t at = array_search(peer->allowed_ips, peer->allowed_ip_count,
		sizeof *peer->allowed_ips, prefix, compare_prefix_to_allowed_ip);
	return at < peer->allowed_ip_count && prefix_equal(&peer->allowed_ips[at], prefix);
}
