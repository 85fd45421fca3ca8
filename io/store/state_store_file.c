/* SPDX-License-Identifier: Apache-2.0 */
#include "state_store_file.h"

#include "diag.h"
#include "file.h"
#include "json_object.h"
#include "json_scan.h"
#include "secret_memory.h"
#include "state_file.h"
#include "state_wire.h"

#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATE_NAME      "last_state.json"
#define PEERS_NAME      "last_events.json"
#define CACHE_VERSION   "1"
#define CACHE_BYTES_MAX ((size_t)2 * STATE_MIB_MAX << 20)
#define HASH_TEXT_SIZE  (2 * STATE_STORE_FILE_HASH + 1)

void state_store_file_init(
	struct state_store_file *cache, const struct state_store_file_owner *owner)
{
	*cache = (struct state_store_file){.owner = *owner};
}

static void hash_make(const char *text, size_t length, uint8_t ret[static STATE_STORE_FILE_HASH])
{
	crypto_generichash(ret, STATE_STORE_FILE_HASH, (const uint8_t *)text, length, NULL, 0);
}

/*
 * Writing.
 */

/* The content of either file. */
struct content {
	const struct state_store_file_owner *owner;
	const uint8_t *document_hash;
	const char *stamp;
	struct json_span document;
	const struct state_store_peers *peers;
};

static void put_state(struct canonical_writer *writer, const struct content *content)
{
	char hash[HASH_TEXT_SIZE];
	sodium_bin2hex(hash, sizeof hash, content->document_hash, STATE_STORE_FILE_HASH);
	canonical_put_text(writer, "{\"version\":" CACHE_VERSION ",\"node_id\":");
	if (content->owner->node_id)
		canonical_put_text_string(writer, content->owner->node_id);
	else
		canonical_put_text(writer, "null");
	canonical_put_text(writer, ",\"source\":");
	canonical_put_text_string(writer, content->owner->source);
	canonical_put_text(writer, ",\"hash\":");
	canonical_put_text_string(writer, hash);
	canonical_put_text(writer, ",\"stamp\":");
	canonical_put_text_string(writer, content->stamp);
	canonical_put_text(writer, ",");
	state_store_peers_put(writer, content->peers);
	canonical_put_text(writer, ",\"document\":");
	canonical_put(writer, content->document.text, content->document.length);
	canonical_put_text(writer, "}\n");
}

static void put_peers(struct canonical_writer *writer, const struct content *content)
{
	canonical_put_text(writer, "{\"version\":" CACHE_VERSION ",\"stamp\":");
	canonical_put_text_string(writer, content->stamp);
	canonical_put_text(writer, ",");
	state_store_peers_put(writer, content->peers);
	canonical_put_text(writer, "}\n");
}

typedef void (*content_put)(struct canonical_writer *writer, const struct content *content);

/* Returns 0 or -ENOMEM. */
static int content_write(content_put put_content, const struct content *content,
	struct file_text *ret, struct diag *diag)
{
	struct canonical_writer writer = {0};
	put_content(&writer, content);
	size_t length = writer.length;
	writer = (struct canonical_writer){.out = secret_alloc(length)};
	if (!writer.out)
		return diag_fail_errno(diag, -ENOMEM);
	put_content(&writer, content);
	*ret = (struct file_text){.text = writer.out, .length = length, .capacity = length};
	return 0;
}

/* Write last_events.json unless it holds this content already. */
static int peers_file_store(
	struct state_store_file *cache, const struct content *content, struct diag *diag)
{
	struct file_text file = {0};
	uint8_t hash[STATE_STORE_FILE_HASH];
	int error = content_write(put_peers, content, &file, diag);
	if (error)
		return error;
	hash_make(file.text, file.length, hash);
	if (!cache->has_peers || memcmp(hash, cache->peers_hash, sizeof hash) != 0) {
		error = file_replace(
			cache->owner.directory, PEERS_NAME, file.text, file.length, diag);
		cache->has_peers = error == 0;
		memcpy(cache->peers_hash, hash, sizeof hash);
	}
	file_text_clear(&file);
	return error;
}

/* Note the hash that last_events.json would have: last_state.json already holds the same peers. */
static int peers_note(
	struct state_store_file *cache, const struct content *content, struct diag *diag)
{
	struct file_text file = {0};
	int error = content_write(put_peers, content, &file, diag);
	cache->has_peers = error == 0;
	if (!error)
		hash_make(file.text, file.length, cache->peers_hash);
	file_text_clear(&file);
	return error;
}

static int state_store(
	struct state_store_file *cache, const struct content *content, struct diag *diag)
{
	struct file_text file = {0};
	struct json_span whole;
	int error = content_write(put_state, content, &file, diag);
	/* Inside the file, a document at the limit of nesting may exceed it. */
	if (!error)
		error = json_scan_document(file.text, file.length, &whole, diag);
	if (!error)
		error = file_replace(
			cache->owner.directory, STATE_NAME, file.text, file.length, diag);
	file_text_clear(&file);
	return error;
}

static void stamp_make(char ret[static STATE_STORE_FILE_STAMP])
{
	uint8_t bytes[STATE_STORE_FILE_STAMP / 2];
	randombytes_buf(bytes, sizeof bytes);
	sodium_bin2hex(ret, STATE_STORE_FILE_STAMP, bytes, sizeof bytes);
}

int state_store_file_store_document(struct state_store_file *cache, const char *text, size_t length,
	const struct state_store_peers *peers, struct diag *diag)
{
	uint8_t hash[STATE_STORE_FILE_HASH];
	char stamp[STATE_STORE_FILE_STAMP];
	struct content content = {
		.owner = &cache->owner, .document_hash = hash, .stamp = stamp, .peers = peers};
	int error = json_scan_document(text, length, &content.document, diag);
	if (error)
		return diag_wrap(diag, error, "cache state");
	hash_make(content.document.text, content.document.length, hash);
	if (cache->has_document && memcmp(hash, cache->document_hash, sizeof hash) == 0)
		return state_store_file_store_peers(cache, peers, diag);
	stamp_make(stamp);
	/* From here on the peers do not belong to the stored document any more. If the new one
	 * cannot be stored, the files stay as they are: old but consistent. */
	cache->has_document = false;
	error = state_store(cache, &content, diag);
	if (error)
		return diag_wrap(diag, error, "cache state");
	cache->has_document = true;
	memcpy(cache->document_hash, hash, sizeof hash);
	memcpy(cache->stamp, stamp, sizeof stamp);
	return peers_note(cache, &content, diag);
}

int state_store_file_store_peers(
	struct state_store_file *cache, const struct state_store_peers *peers, struct diag *diag)
{
	struct content content = {.stamp = cache->stamp, .peers = peers};
	if (!cache->has_document)
		return 0;
	int error = peers_file_store(cache, &content, diag);
	return error ? diag_wrap(diag, error, "cache events") : 0;
}

/*
 * Reading.
 */

/* One of the two files, well-formed and of our version. */
struct cache_file {
	struct file_text file;
	struct json_span version, node_id, source, hash, stamp, document;
	struct stored_peers_spans peers;
};

static int take_span(struct json_reading *reading, struct json_span value, void *target)
{
	*(struct json_span *)target = value;
	return 0;
}

static const struct json_member cache_members[] = {
	{"version", take_span, offsetof(struct cache_file, version), true},
	{"node_id", take_span, offsetof(struct cache_file, node_id), false},
	{"source", take_span, offsetof(struct cache_file, source), false},
	{"hash", take_span, offsetof(struct cache_file, hash), false},
	{"stamp", take_span, offsetof(struct cache_file, stamp), false},
	{"index", take_span, offsetof(struct cache_file, peers.index), false},
	{"events", take_span, offsetof(struct cache_file, peers.events), false},
	{"document", take_span, offsetof(struct cache_file, document), false},
};
static const struct json_table cache_table = JSON_TABLE_LENIENT(cache_members);

static int cache_file_check(struct cache_file *cached, struct diag *diag)
{
	struct json_reading reading = {.diag = diag};
	int error = json_text_read(
		&reading, cached->file.text, cached->file.length, &cache_table, cached);
	if (!error &&
		(cached->version.length != strlen(CACHE_VERSION) ||
			memcmp(cached->version.text, CACHE_VERSION, cached->version.length) != 0))
		error = diag_fail(diag, -EINVAL, "of another version");
	return error;
}

/* Returns 0, STATE_STORE_EMPTY if there is no such file, or a negative errno. Errors begin with the
 * path. On success the caller clears `ret->file`. */
static int cache_file_read(
	const char *directory, const char *name, struct cache_file *ret, struct diag *diag)
{
	char path[PATH_MAX];
	struct cache_file cached = {0};
	if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path)
		return diag_fail(
			diag, -ENAMETOOLONG, "%s/%s: the path is too long", directory, name);
	int error = file_read_private(path, CACHE_BYTES_MAX, &cached.file, diag);
	if (error)
		return error == -ENOENT ? STATE_STORE_EMPTY : error;
	error = cache_file_check(&cached, diag);
	if (error) {
		file_text_clear(&cached.file);
		return diag_wrap(diag, error, "%s", path);
	}
	*ret = cached;
	return 0;
}

static bool text_is(struct json_span value, const char *text)
{
	return json_span_kind(value) == JSON_STRING && json_span_equals(value, text);
}

/* Check that the state is of this node and from this source. */
static int owner_check(const struct cache_file *cached, const struct state_store_file_owner *owner,
	struct diag *diag)
{
	bool has_node = json_span_kind(cached->node_id) == JSON_STRING;
	if (owner->node_id ? !text_is(cached->node_id, owner->node_id)
			   : json_span_kind(cached->node_id) != JSON_NULL)
		return diag_fail(diag, -EPERM, "of another node, %s",
			has_node ? json_span_quote(cached->node_id).text : "without an id");
	if (json_span_kind(cached->source) != JSON_STRING)
		return diag_fail(diag, -EINVAL, "source: not a string");
	if (!json_span_equals(cached->source, owner->source))
		return diag_fail(diag, -EPERM, "from another source, %s",
			json_span_quote(cached->source).text);
	return 0;
}

static int document_check(const struct cache_file *cached,
	uint8_t ret_hash[static STATE_STORE_FILE_HASH], struct diag *diag)
{
	char hash[HASH_TEXT_SIZE];
	if (!cached->document.text)
		return diag_fail(diag, -EINVAL, "document: missing");
	hash_make(cached->document.text, cached->document.length, ret_hash);
	sodium_bin2hex(hash, sizeof hash, ret_hash, STATE_STORE_FILE_HASH);
	if (!text_is(cached->hash, hash))
		return diag_fail(diag, -EINVAL, "document: does not match its hash");
	return 0;
}

static int stamp_take(
	struct json_span stamp, char ret[static STATE_STORE_FILE_STAMP], struct diag *diag)
{
	if (json_span_kind(stamp) != JSON_STRING || stamp.length != STATE_STORE_FILE_STAMP + 1)
		return diag_fail(diag, -EINVAL, "stamp: not a string of %d characters",
			STATE_STORE_FILE_STAMP - 1);
	memcpy(ret, stamp.text + 1, STATE_STORE_FILE_STAMP - 1);
	ret[STATE_STORE_FILE_STAMP - 1] = '\0';
	return 0;
}

/* Read last_state.json into `*state` and `*cache`, which may be left incomplete on failure. */
static int state_read(struct state_store_file *cache, const struct cache_file *cached,
	const struct peer_wire_options *options, struct cached_state *state, struct diag *diag)
{
	int error = owner_check(cached, &cache->owner, diag);
	if (!error)
		error = stamp_take(cached->stamp, cache->stamp, diag);
	if (!error)
		error = document_check(cached, cache->document_hash, diag);
	if (!error) {
		error = state_wire_read(cached->document.text, cached->document.length, options,
			&state->document, diag);
		if (error)
			diag_wrap(diag, error, "document");
		state->document_bytes = cached->document.length;
	}
	if (!error)
		error = state_store_peers_read(&cached->peers, options, &state->peers, diag);
	cache->has_document = error == 0;
	return error;
}

/* Take the newer peers from last_events.json if it belongs to the loaded state. */
static int stored_peers_take(struct state_store_file *cache, const struct cache_file *cached,
	const struct peer_wire_options *options, struct cached_state *state, struct diag *diag)
{
	struct state_store_peers_found found;
	if (!text_is(cached->stamp, cache->stamp))
		return 0;
	int error = state_store_peers_read(&cached->peers, options, &found, diag);
	if (error)
		return diag_wrap(diag, error, "%s/" PEERS_NAME, cache->owner.directory);
	state_store_peers_clear(&state->peers);
	state->peers = found;
	hash_make(cached->file.text, cached->file.length, cache->peers_hash);
	cache->has_peers = true;
	return 0;
}

/* If last_events.json is rejected, keep the peers stored with the document. Returns 0 or -ENOMEM.
 */
static int peers_load(struct state_store_file *cache, const struct peer_wire_options *options,
	struct cached_state *state)
{
	struct cache_file cached = {0};
	struct diag diag = {0};
	int error = cache_file_read(cache->owner.directory, PEERS_NAME, &cached, &diag);
	bool is_missing = error == STATE_STORE_EMPTY;
	if (!error) {
		error = stored_peers_take(cache, &cached, options, state, &diag);
		file_text_clear(&cached.file);
	}
	if (error && !is_missing)
		state->fault = strdup(diag_text(&diag));
	diag_clear(&diag);
	return error && !is_missing && !state->fault ? -ENOMEM : 0;
}

int state_store_file_load(struct state_store_file *cache, const struct peer_wire_options *options,
	struct cached_state *ret, struct diag *diag)
{
	const struct peer_wire_options unlimited = peer_wire_options_unlimited(options);
	struct state_store_file loaded = {.owner = cache->owner};
	struct cached_state state = {0};
	struct cache_file cached = {0};
	int error = cache_file_read(cache->owner.directory, STATE_NAME, &cached, diag);
	if (error)
		return error;
	error = state_read(&loaded, &cached, &unlimited, &state, diag);
	file_text_clear(&cached.file);
	if (error) {
		diag_wrap(diag, error, "%s/" STATE_NAME, cache->owner.directory);
	} else {
		error = peers_load(&loaded, &unlimited, &state);
		if (error)
			diag_fail_errno(diag, error);
	}
	if (error) {
		cached_state_clear(&state);
		return error;
	}
	*cache = loaded;
	*ret = state;
	return 0;
}

void cached_state_clear(struct cached_state *state)
{
	state_document_clear(&state->document);
	state_store_peers_clear(&state->peers);
	free(state->fault);
	*state = (struct cached_state){0};
}
