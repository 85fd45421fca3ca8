/* SPDX-License-Identifier: Apache-2.0 */
#include "trace_line.h"

#include "errno_name.h"
#include "peer_text.h"
#include "timestamp.h"
#include "trace_fault.h"
#include "trace_names.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

struct trace_secret trace_secret_derive(const struct key_secret *private_key)
{
	static const char purpose[] = "plexwg trace";
	struct trace_secret secret;
	crypto_generichash(secret.bytes, sizeof secret.bytes, (const uint8_t *)purpose,
		sizeof purpose, private_key->bytes, KEY_BYTES);
	return secret;
}

struct trace_token trace_token_make(
	const struct trace_secret *secret, const char *text, size_t length)
{
	struct trace_token token = {""};
	uint8_t digest[crypto_generichash_BYTES_MIN];
	if (!length)
		return token;
	crypto_generichash(digest, sizeof digest, (const uint8_t *)text, length, secret->bytes,
		sizeof secret->bytes);
	sodium_bin2hex(token.text, sizeof token.text, digest, (sizeof token.text - 1) / 2);
	return token;
}

/* The digest of a psk is a psk too. None stays none. */
static struct key_secret trace_psk_digest(
	const struct trace_secret *secret, const struct key_secret *psk)
{
	struct key_secret digest = {{0}};
	if (!key_secret_is_zero(psk))
		crypto_generichash(digest.bytes, KEY_BYTES, psk->bytes, KEY_BYTES, secret->bytes,
			sizeof secret->bytes);
	return digest;
}

/* Write a comma and the name of a member. */
static void trace_put_name(struct canonical_writer *writer, const char *name)
{
	canonical_put_text(writer, ",");
	canonical_put_text_string(writer, name);
	canonical_put_text(writer, ":");
}

static void trace_put_text(struct canonical_writer *writer, const char *name, const char *text)
{
	trace_put_name(writer, name);
	canonical_put_text_string(writer, text);
}

static void trace_put_number(struct canonical_writer *writer, const char *name, int64_t number)
{
	char text[24];
	snprintf(text, sizeof text, "%" PRId64, number);
	trace_put_name(writer, name);
	canonical_put_text(writer, text);
}

/* Write the member if it is true. */
static void trace_put_flag(struct canonical_writer *writer, const char *name, bool flag)
{
	if (!flag)
		return;
	trace_put_name(writer, name);
	canonical_put_text(writer, "true");
}

/* The name of an errno that trace_line_read knows. */
static const char *trace_error_name(int error)
{
	const char *name = errno_name(error);
	return errno_from_name(name) ? name : "EIO";
}

static void trace_put_error(struct canonical_writer *writer, const char *name, int error)
{
	if (error)
		trace_put_text(writer, name, trace_error_name(error));
}

static void trace_put_comma(struct canonical_writer *writer, size_t index)
{
	canonical_put_text(writer, index ? "," : "");
}

/* Write a peer in wire form but for its endpoint, and leave the object open. */
static void trace_put_peer(struct canonical_writer *writer, const struct peer_config *peer,
	const struct trace_put_context *context)
{
	struct peer_config masked = *peer;
	masked.psk = trace_psk_digest(context->secret, &peer->psk);
	peer_text_put(writer, &masked);
	writer->length--;
	key_secret_wipe(&masked.psk);
}

static void trace_put_unusable(struct canonical_writer *writer, const struct peer_entry *entry)
{
	canonical_put_text(writer, "{\"fault\":");
	canonical_put_text_string(writer, trace_fault_format(trace_fault_find(entry->error)).text);
	if (entry->id)
		trace_put_text(writer, "id", entry->id);
	if (entry->has_key)
		trace_put_text(
			writer, "public_key", key_public_format(&entry->config.public_key).text);
	canonical_put_text(writer, "}");
}

void trace_entry_put(struct canonical_writer *writer, const struct peer_entry *entry,
	const struct trace_put_context *context)
{
	const struct peer_config *peer = &entry->config;
	if (entry->error) {
		trace_put_unusable(writer, entry);
		return;
	}
	trace_put_peer(writer, peer, context);
	const struct endpoint *address = NULL;
	if (peer->endpoint.kind == ENDPOINT_NAME && context->endpoints)
		address = endpoint_history_baseline(context->endpoints, &peer->public_key);
	if (address && address->kind == ENDPOINT_IP)
		trace_put_text(writer, "address", endpoint_format(address).text);
	canonical_put_text(writer, "}");
}

/* Write a peer as it is on the device. Its endpoint may be one that no entry can have. */
static void trace_put_actual(struct canonical_writer *writer, const struct peer_config *peer,
	const struct trace_put_context *context)
{
	struct peer_config named = *peer;
	named.id = TRACE_DEVICE_ID;
	named.endpoint = (struct endpoint){0};
	trace_put_peer(writer, &named, context);
	if (peer->endpoint.kind == ENDPOINT_IP)
		trace_put_text(writer, "reported", endpoint_format(&peer->endpoint).text);
	trace_put_number(writer, "last_handshake", peer->status.last_handshake_s);
	trace_put_number(writer, "tx_bytes", (int64_t)(peer->status.tx_bytes & INT64_MAX));
	canonical_put_text(writer, "}");
	key_secret_wipe(&named.psk);
}

static void trace_put_entry_list(struct canonical_writer *writer, const char *name,
	const struct peer_entry *const *entries, size_t count,
	const struct trace_put_context *context)
{
	trace_put_name(writer, name);
	canonical_put_text(writer, "[");
	for (size_t i = 0; i < count; i++) {
		trace_put_comma(writer, i);
		trace_entry_put(writer, entries[i], context);
	}
	canonical_put_text(writer, "]");
}

static void trace_put_entries(struct canonical_writer *writer, const struct trace_entries *entries,
	const struct trace_put_context *context)
{
	if (entries->changed_count)
		trace_put_entry_list(
			writer, "peers", entries->changed, entries->changed_count, context);
	if (entries->has_nameless)
		trace_put_entry_list(
			writer, "nameless", entries->nameless, entries->nameless_count, context);
	if (!entries->gone_count)
		return;
	trace_put_name(writer, "gone");
	canonical_put_text(writer, "[");
	for (size_t i = 0; i < entries->gone_count; i++) {
		trace_put_comma(writer, i);
		canonical_put_text_string(writer, entries->gone[i]);
	}
	canonical_put_text(writer, "]");
}

static void trace_put_actual_list(struct canonical_writer *writer, const char *name,
	const struct peer_config *const *peers, size_t count,
	const struct trace_put_context *context)
{
	trace_put_name(writer, name);
	canonical_put_text(writer, "[");
	for (size_t i = 0; i < count; i++) {
		trace_put_comma(writer, i);
		trace_put_actual(writer, peers[i], context);
	}
	canonical_put_text(writer, "]");
}

static void trace_put_signing_keys(
	struct canonical_writer *writer, const char *name, const struct signing_keys *keys)
{
	trace_put_name(writer, name);
	canonical_put_text(writer, "{\"current\":");
	canonical_put_text_string(writer, key_public_format(&keys->current).text);
	if (keys->has_previous) {
		trace_put_text(writer, "previous", key_public_format(&keys->previous).text);
		trace_put_text(writer, "transition_expires",
			timestamp_format(keys->transition_expires_ns).text);
	}
	canonical_put_text(writer, "}");
}

/* Calls as "create_interface", or "create_interface EIO" if it failed. */
static void trace_put_calls(struct canonical_writer *writer, const struct trace_line *line)
{
	if (!line->call_count)
		return;
	trace_put_name(writer, "calls");
	canonical_put_text(writer, "[");
	for (size_t i = 0; i < line->call_count; i++) {
		const struct trace_call *call = &line->calls[i];
		char text[48];
		snprintf(text, sizeof text, "%s%s%s", trace_call_name(call->kind),
			call->error ? " " : "", call->error ? trace_error_name(call->error) : "");
		trace_put_comma(writer, i);
		canonical_put_text_string(writer, text);
	}
	canonical_put_text(writer, "]");
}

static void trace_put_fields(struct canonical_writer *writer, unsigned fields)
{
	size_t count = 0;
	trace_put_name(writer, "fields");
	canonical_put_text(writer, "[");
	for (unsigned bit = 0; bit < PEER_FIELD_COUNT; bit++) {
		if (!(fields & 1u << bit))
			continue;
		trace_put_comma(writer, count++);
		canonical_put_text_string(writer, peer_field_name((enum peer_field_bit)bit));
	}
	canonical_put_text(writer, "]");
}

static void trace_put_op(struct canonical_writer *writer, const struct trace_op *op,
	const struct trace_put_context *context)
{
	canonical_put_text(writer, "{\"op\":");
	canonical_put_text_string(writer, peer_op_kind_name(op->kind));
	trace_put_text(writer, "public_key", key_public_format(&op->public_key).text);
	if (op->kind == PEER_OP_UPDATE)
		trace_put_fields(writer, op->fields);
	if (op->actual) {
		trace_put_name(writer, "actual");
		trace_put_actual(writer, op->actual, context);
	}
	trace_put_error(writer, "error", op->error);
	canonical_put_text(writer, "}");
}

static void trace_put_ops(struct canonical_writer *writer, const struct trace_line *line,
	const struct trace_put_context *context)
{
	trace_put_name(writer, "ops");
	canonical_put_text(writer, "[");
	for (size_t i = 0; i < line->op_count; i++) {
		trace_put_comma(writer, i);
		trace_put_op(writer, &line->ops[i], context);
	}
	canonical_put_text(writer, "]");
}

static void trace_put_interface(struct canonical_writer *writer, const struct device *device)
{
	trace_put_name(writer, "interface");
	canonical_put_text(writer, "{\"public_key\":");
	canonical_put_text_string(writer, key_public_format(&device->public_key).text);
	trace_put_number(writer, "listen_port", device->listen_port);
	trace_put_number(writer, "fwmark", device->fwmark);
	trace_put_number(writer, "mtu", device->mtu);
	trace_put_flag(writer, "up", device->up);
	trace_put_name(writer, "addresses");
	canonical_put_text(writer, "[");
	for (size_t i = 0; i < device->address_count; i++) {
		trace_put_comma(writer, i);
		canonical_put_text_string(writer, prefix_format(&device->addresses[i]).text);
	}
	canonical_put_text(writer, "]}");
}

static void trace_put_cycle(struct canonical_writer *writer, const struct trace_line *line,
	const struct trace_put_context *context)
{
	const struct trace_cycle *cycle = &line->cycle;
	if (line->kind == TRACE_FINISH)
		trace_put_text(writer, "outcome", trace_outcome_name(cycle->outcome));
	trace_put_entries(writer, &line->entries, context);
	if (cycle->has_signing_keys)
		trace_put_signing_keys(writer, "signing_keys", &cycle->signing_keys);
	trace_put_flag(writer, "signing_keys_unusable", cycle->has_signing_keys_error);
	trace_put_error(writer, "read_error", cycle->read_error);
	trace_put_error(writer, "reread_error", cycle->reread_error);
	if (cycle->drifted)
		trace_put_interface(writer, cycle->drifted);
	trace_put_calls(writer, line);
	if (!cycle->has_plan)
		return;
	trace_put_ops(writer, line, context);
	if (cycle->has_same_retained)
		return;
	trace_put_actual_list(writer, "withheld", cycle->withheld, cycle->withheld_count, context);
	trace_put_actual_list(writer, "retained", cycle->retained, cycle->retained_count, context);
}

static void trace_put_pending(struct canonical_writer *writer, const struct pending_events *pending,
	const struct trace_put_context *context)
{
	trace_put_name(writer, "events");
	canonical_put_text(writer, "[");
	for (size_t i = 0; i < pending->count; i++) {
		const struct pending_peer *peer = pending->peers[i];
		trace_put_comma(writer, i);
		if (peer->removed)
			canonical_put_text_string(writer, peer->id);
		else
			trace_entry_put(writer, &peer->entry, context);
	}
	canonical_put_text(writer, "]");
}

static void trace_put_names(struct canonical_writer *writer, const struct peer_names *names)
{
	trace_put_name(writer, "index");
	canonical_put_text(writer, "[");
	for (size_t i = 0; i < names->count; i++) {
		canonical_put_text(writer, i ? ",{\"id\":" : "{\"id\":");
		canonical_put_text_string(writer, names->names[i].id);
		trace_put_text(
			writer, "public_key", key_public_format(&names->names[i].public_key).text);
		canonical_put_text(writer, "}");
	}
	canonical_put_text(writer, "]");
}

/* Names of interfaces need not be UTF-8. */
static bool trace_is_ascii(const char *text)
{
	while ((unsigned char)*text >= ' ' && (unsigned char)*text < 0x7f)
		text++;
	return !*text;
}

static void trace_put_config(struct canonical_writer *writer, const struct interface_config *config)
{
	trace_put_name(writer, "config");
	canonical_put_text(writer, "{\"interface_name\":");
	canonical_put_text_string(
		writer, trace_is_ascii(config->interface_name) ? config->interface_name : "?");
	trace_put_number(writer, "listen_port", config->listen_port);
	trace_put_number(writer, "mtu", config->mtu);
	trace_put_number(writer, "persistent_keepalive", config->persistent_keepalive_s);
	if (config->has_fwmark)
		trace_put_number(writer, "fwmark", config->fwmark);
	trace_put_flag(writer, "keep_addresses", config->keep_addresses);
	canonical_put_text(writer, "}");
}

static void trace_put_snapshot(struct canonical_writer *writer, const struct trace_line *line,
	const struct trace_put_context *context)
{
	const struct trace_snapshot *snapshot = &line->snapshot;
	trace_put_number(writer, "version", TRACE_VERSION);
	trace_put_flag(writer, "start", snapshot->is_start);
	trace_put_flag(writer, "fetching", snapshot->is_fetching);
	trace_put_config(writer, &snapshot->config);
	trace_put_text(writer, "mesh_ip", ip_format(&snapshot->mesh_ip).text);
	trace_put_text(writer, "public_key", key_public_format(&snapshot->public_key).text);
	if (snapshot->node_id)
		trace_put_text(writer, "node_id", snapshot->node_id);
	if (!key_public_is_zero(&snapshot->signing_keys.current))
		trace_put_signing_keys(writer, "signing_keys", &snapshot->signing_keys);
	trace_put_text(writer, "state", interface_state_name(snapshot->state));
	trace_put_flag(writer, "document", snapshot->has_document);
	trace_put_flag(writer, "provisional", snapshot->is_provisional);
	trace_put_entries(writer, &line->entries, context);
	trace_put_pending(writer, snapshot->pending, context);
	trace_put_names(writer, &snapshot->names);
}

static void trace_put_event(struct canonical_writer *writer, const struct trace_line *line,
	const struct trace_put_context *context)
{
	const struct trace_event *event = &line->event;
	trace_put_text(writer, "verdict", trace_verdict_name(event->verdict));
	if (*event->type)
		trace_put_text(writer, "event_type", event->type);
	if (*event->event_id.text)
		trace_put_text(writer, "event_id", event->event_id.text);
	if (*event->nonce.text)
		trace_put_text(writer, "nonce", event->nonce.text);
	if (event->has_issued_at)
		trace_put_text(writer, "issued_at", timestamp_format(event->issued_at_ns).text);
	trace_put_flag(writer, "signature", event->has_signature);
	if (event->length)
		trace_put_number(writer, "length", (int64_t)event->length);
	if (event->peer) {
		trace_put_name(writer, "peer");
		trace_entry_put(writer, event->peer, context);
	}
	if (event->peer_id)
		trace_put_text(writer, "peer_id", event->peer_id);
	if (event->keys)
		trace_put_signing_keys(writer, "signing_keys", event->keys);
	if (line->op_count)
		trace_put_ops(writer, line, context);
}

static void trace_put_members(struct canonical_writer *writer, const struct trace_line *line,
	const struct trace_put_context *context)
{
	switch (line->kind) {
	case TRACE_SNAPSHOT:
		trace_put_snapshot(writer, line, context);
		break;
	case TRACE_BEGIN:
	case TRACE_TEARDOWN:
		trace_put_calls(writer, line);
		break;
	case TRACE_FINISH:
	case TRACE_REPAIR:
		trace_put_cycle(writer, line, context);
		break;
	case TRACE_EVENT:
		trace_put_event(writer, line, context);
		break;
	case TRACE_REJECTED:
		trace_put_text(writer, "verdict", trace_verdict_name(line->event.verdict));
		trace_put_number(writer, "count", (int64_t)line->rejected_count);
		break;
	case TRACE_KIND_COUNT:
		break;
	}
}

void trace_line_put(struct canonical_writer *writer, const struct trace_line *line,
	const struct trace_put_context *context)
{
	canonical_put_text(writer, "{\"kind\":");
	canonical_put_text_string(writer, trace_kind_name(line->kind));
	trace_put_text(writer, "at", timestamp_format(line->at.wall_ns).text);
	trace_put_number(writer, "boot_ns", line->at.boot_ns);
	trace_put_members(writer, line, context);
	trace_put_error(writer, "error", line->error);
	canonical_put_text(writer, "}\n");
}
