/* SPDX-License-Identifier: Apache-2.0 */
/* Requests. */
#include "diag.h"
#include "uapi.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static void put_line(struct secret_buffer *request, const char *key, const char *value)
{
	secret_buffer_append_text(request, key);
	secret_buffer_append(request, "=", 1);
	secret_buffer_append_text(request, value);
	secret_buffer_append(request, "\n", 1);
}

static void uapi_put_number(struct secret_buffer *request, const char *key, unsigned value)
{
	char text[12];
	snprintf(text, sizeof text, "%u", value);
	put_line(request, key, text);
}

static void put_key(struct secret_buffer *request, const char *name, const uint8_t *key)
{
	const size_t size = 2 * KEY_BYTES + 1;
	secret_buffer_append_text(request, name);
	secret_buffer_append(request, "=", 1);
	/* Write the hex digits in place: the stack is not secret memory. */
	if (!request->out_of_memory && secret_buffer_reserve(request, size)) {
		sodium_bin2hex(request->bytes + request->length, size, key, KEY_BYTES);
		request->length += size - 1;
	}
	secret_buffer_append(request, "\n", 1);
}

void uapi_put_get(struct secret_buffer *request)
{
	secret_buffer_append_text(request, "get=1\n\n");
}

void uapi_begin_set(struct secret_buffer *request)
{
	secret_buffer_append_text(request, "set=1\n");
}

void uapi_put_device(struct secret_buffer *request, const struct key_secret *private_key,
	const uint16_t *listen_port)
{
	if (private_key)
		put_key(request, "private_key", private_key->bytes);
	if (listen_port)
		uapi_put_number(request, "listen_port", *listen_port);
}

void uapi_put_fwmark(struct secret_buffer *request, uint32_t fwmark)
{
	uapi_put_number(request, "fwmark", fwmark);
}

static void put_allowed_ip(struct secret_buffer *request, const struct prefix *prefix)
{
	put_line(request, "allowed_ip", prefix_format(prefix).text);
}

/* Whether `desired` has every prefix of `actual`. */
static bool allowed_ips_only_grow(
	const struct peer_config *desired, const struct peer_config *actual)
{
	for (uint32_t i = 0; i < actual->allowed_ip_count; i++)
		if (!peer_has_allowed_ip(desired, &actual->allowed_ips[i]))
			return false;
	return true;
}

static void put_allowed_ips(struct secret_buffer *request, const struct peer_op *op)
{
	bool add_only = op->actual && allowed_ips_only_grow(op->desired, op->actual);
	bool is_update = op->kind == PEER_OP_UPDATE;
	if (!add_only)
		put_line(request, "replace_allowed_ips", "true");
	for (uint32_t i = 0; i < op->desired->allowed_ip_count; i++) {
		const struct prefix *prefix = &op->desired->allowed_ips[i];
		if (!add_only || !is_update || !peer_has_allowed_ip(op->actual, prefix))
			put_allowed_ip(request, prefix);
	}
}

static void uapi_put_peer(struct secret_buffer *request, const struct peer_op *op, unsigned fields)
{
	const struct peer_config *peer = op->desired;
	put_key(request, "public_key", peer->public_key.bytes);
	if (op->kind == PEER_OP_UPDATE)
		put_line(request, "update_only", "true");
	if (fields & PEER_FIELD_PSK)
		put_key(request, "preshared_key", peer->psk.bytes);
	if (fields & PEER_FIELD_ENDPOINT && peer->endpoint.kind != ENDPOINT_NONE)
		put_line(request, "endpoint", endpoint_format(&peer->endpoint).text);
	if (fields & PEER_FIELD_PERSISTENT_KEEPALIVE)
		uapi_put_number(
			request, "persistent_keepalive_interval", peer->persistent_keepalive_s);
	if (fields & PEER_FIELD_ALLOWED_IPS)
		put_allowed_ips(request, op);
}

int uapi_put_peer_op(struct secret_buffer *request, const struct peer_op *op, struct diag *diag)
{
	size_t length = request->length;
	/* An earlier part is missing, so the request is incomplete. */
	if (request->out_of_memory)
		return diag_fail_errno(diag, -ENOMEM);
	if (op->kind != PEER_OP_REMOVE && op->desired->endpoint.kind == ENDPOINT_NAME)
		return diag_fail(diag, -EINVAL, "endpoint: a host name that was not resolved");
	switch (op->kind) {
	case PEER_OP_REMOVE:
		uapi_put_remove(request, peer_op_key(op));
		break;
	case PEER_OP_UPDATE:
		uapi_put_peer(request, op, op->fields);
		break;
	case PEER_OP_ADD:
		uapi_put_peer(request, op, PEER_FIELDS_ALL);
		break;
	}
	if (!request->out_of_memory)
		return 0;
	secret_buffer_truncate(request, length);
	return diag_fail_errno(diag, -ENOMEM);
}

/* Some programs create a peer when they read its key; update_only prevents that. */
void uapi_put_remove(struct secret_buffer *request, const struct key_public *key)
{
	put_key(request, "public_key", key->bytes);
	put_line(request, "update_only", "true");
	put_line(request, "remove", "true");
}

void uapi_end(struct secret_buffer *request)
{
	secret_buffer_append(request, "\n", 1);
}
