#include "naming_reader.h"

static void endpoint_name_settle(const struct naming_reader *naming, struct endpoint *endpoint)
{
	struct resolver *resolver = naming->resolver;
	size_t names_max = naming->names_max ? naming->names_max : NAMING_NAMES_MAX;
	const struct name_record *record = resolver_find(resolver, endpoint->host);
	bool is_good = record && record->state == NAME_GOOD;
	uint16_t port = endpoint->port;
	if (!record && resolver->count < names_max)
		resolver_ask(resolver, endpoint->host);
	*endpoint = (struct endpoint){.kind = ENDPOINT_NONE};
	if (is_good)
		*endpoint = (struct endpoint){.kind = ENDPOINT_IP, .ip = record->ip, .port = port};
}

static int read_peer(void *impl, const char *payload, size_t length, struct arena *arena,
	struct peer_entry *ret, struct diag *diag)
{
	struct naming_reader *naming = impl;
	int error = naming->inner.read_peer(naming->inner.impl, payload, length, arena, ret, diag);
	if (!error && ret->config.endpoint.kind == ENDPOINT_NAME)
		endpoint_name_settle(naming, &ret->config.endpoint);
	return error;
}

static int read_peer_id(void *impl, const char *payload, size_t length, struct arena *arena,
	const char **ret, struct diag *diag)
{
	struct naming_reader *naming = impl;
	return naming->inner.read_peer_id(naming->inner.impl, payload, length, arena, ret, diag);
}

static int read_signing_keys(
	void *impl, const char *payload, size_t length, struct signing_keys *ret, struct diag *diag)
{
	struct naming_reader *naming = impl;
	return naming->inner.read_signing_keys(naming->inner.impl, payload, length, ret, diag);
}

struct payload_reader naming_reader(struct naming_reader *naming)
{
	return (struct payload_reader){
		.read_peer = read_peer,
		.read_peer_id = read_peer_id,
		.read_signing_keys = read_signing_keys,
		.impl = naming,
	};
}
