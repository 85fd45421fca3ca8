/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last good state on its way to the disk and back, and everything that may happen to it there.
 */
#include "harness.h"

#include "scratch.h"
#include "state_store_file.h"
#include "state_wire.h"

#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_2   "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
#define KEY_3   "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM="
#define KEY_PSK "VVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVU="
#define PEER(id, key)                                                                              \
	"{\"id\":\"" id "\",\"public_key\":\"" key "\",\"allowed_ips\":[\"10.0.0.2\"],"            \
	"\"psk\":\"" KEY_PSK "\"}"
#define DOCUMENT_A " {\"peers\": [" PEER("peer-2", KEY_2) "], \"more\": {\"a\": [1.50]}}\n"
#define DOCUMENT_B "{\"peers\":[]}"

static const struct peer_wire_options options = {
	.default_keepalive_s = 25, .allow_host_names = true};

/* What the daemon knows, and its cached state. */
struct node {
	struct state_store_file cache;
	struct pending_events pending;
	struct peer_names names;
	struct peer_name name_list[4];
};

static void node_begin(struct node *node, const struct scratch *scratch)
{
	struct state_store_file_owner owner = {.directory = scratch->directory,
		.node_id = "node-1",
		.source = "https://control.example"};
	*node = (struct node){0};
	node->names.names = node->name_list;
	state_store_file_init(&node->cache, &owner);
}

static void node_knows(struct node *node, char *id, unsigned char key)
{
	node->name_list[node->names.count++] =
		(struct peer_name){.id = id, .public_key = key_of(key)};
}

static void node_sees_added(struct node *node, const char *json)
{
	struct state_document document = {0};
	char text[1024];
	snprintf(text, sizeof text, "[%s]", json);
	assert_int_equal(state_wire_read_peers(text, strlen(text), &options, &document, NULL), 0);
	assert_null(document.entries[0].error);
	assert_int_equal(pending_events_set(&node->pending, &document.entries[0]), 0);
	state_document_clear(&document);
}

static void node_end(struct node *node)
{
	pending_events_clear(&node->pending);
}

static int store_document(struct node *node, const char *text)
{
	struct state_store_peers peers = {&node->pending, &node->names};
	return state_store_file_store_document(&node->cache, text, strlen(text), &peers, NULL);
}

static int store_peers(struct node *node)
{
	struct state_store_peers peers = {&node->pending, &node->names};
	return state_store_file_store_peers(&node->cache, &peers, NULL);
}

/* What a node finds that starts now. */
static struct cached_state load(const struct scratch *scratch)
{
	struct node node;
	struct cached_state found = {0};
	struct diag diag = {0};
	node_begin(&node, scratch);
	int error = state_store_file_load(&node.cache, &options, &found, &diag);
	assert_string_equal(diag_text(&diag), "");
	assert_int_equal(error, 0);
	return found;
}

static void assert_removed(const struct cached_state *found, const char *id)
{
	const struct pending_peer *peer = pending_events_find(&found->peers.pending, id);
	assert_non_null(peer);
	assert_true(peer->removed);
}

static void a_stored_state_is_restored(void **state)
{
	struct node node;
	node_begin(&node, *state);
	node_knows(&node, "peer-\"2\"\n", 2);
	node_knows(&node, "peer-3", 3);
	assert_int_equal(store_document(&node, DOCUMENT_A), 0);
	assert_int_equal(pending_events_remove(&node.pending, "peer-2"), 0);
	node_sees_added(&node,
		"{\"id\":\"peer-\\u00e9\",\"public_key\":\"" KEY_3
		"\",\"endpoint\":\"[fe80::1%eth0]:51820\",\"psk\":\"" KEY_PSK
		"\",\"allowed_ips\":[\"10.0.0.3\",\"fd00::/64\"],\"persistent_keepalive\":0}");
	node_sees_added(&node, "{\"id\":\"peer-4\",\"public_key\":\"" KEY_2
			       "\",\"endpoint\":\"vpn.example.com:51820\",\"allowed_ips\":[]}");
	assert_int_equal(store_peers(&node), 0);

	struct cached_state found = load(*state);
	assert_null(found.fault);
	assert_int_equal(found.document.entry_count, 1);
	assert_string_equal(found.document.entries[0].id, "peer-2");
	assert_int_equal(found.document.entries[0].config.psk.bytes[0], 0x55);
	assert_int_equal(found.document.entries[0].config.persistent_keepalive_s, 25);
	assert_int_equal(found.peers.name_count, 2);
	assert_string_equal(found.peers.names[0].id, "peer-\"2\"\n");
	struct key_public key = key_of(2);
	assert_true(key_public_equal(&found.peers.names[0].public_key, &key));
	assert_string_equal(found.peers.names[1].id, "peer-3");
	assert_int_equal(found.peers.pending.count, 3);
	assert_removed(&found, "peer-2");
	const struct pending_peer *peer =
		pending_events_find(&found.peers.pending, "peer-\xc3\xa9");
	assert_non_null(peer);
	assert_false(peer->removed);
	const struct peer_config *config = &peer->entry.config;
	assert_string_equal(endpoint_format(&config->endpoint).text, "[fe80::1%eth0]:51820");
	assert_int_equal(config->allowed_ip_count, 2);
	assert_int_equal(config->psk.bytes[31], 0x55);
	assert_int_equal(config->persistent_keepalive_s, 0);
	peer = pending_events_find(&found.peers.pending, "peer-4");
	assert_non_null(peer);
	assert_string_equal(
		endpoint_format(&peer->entry.config.endpoint).text, "vpn.example.com:51820");
	assert_int_equal(peer->entry.config.persistent_keepalive_s, 25);
	assert_true(key_secret_is_zero(&peer->entry.config.psk));
	cached_state_clear(&found);
	node_end(&node);
}

static void without_a_stored_state_nothing_is_restored(void **state)
{
	struct node node;
	struct cached_state found = {.fault = (char *)1};
	node_begin(&node, *state);
	assert_int_equal(
		state_store_file_load(&node.cache, &options, &found, NULL), STATE_STORE_EMPTY);
	assert_ptr_equal(found.fault, (char *)1);
	assert_int_equal(pending_events_remove(&node.pending, "peer-2"), 0);
	assert_int_equal(store_peers(&node), 0);
	assert_false(scratch_has(*state, "last_events.json"));
	node_end(&node);
}

static void only_the_owner_may_read_the_files(void **state)
{
	static const char *const names[] = {"last_state.json", "last_events.json"};
	struct node node;
	node_begin(&node, *state);
	assert_int_equal(store_document(&node, DOCUMENT_A), 0);
	assert_int_equal(pending_events_remove(&node.pending, "peer-2"), 0);
	assert_int_equal(store_peers(&node), 0);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct stat status;
		assert_int_equal(stat(scratch_path(*state, names[i]).text, &status), 0);
		assert_int_equal(status.st_mode & 07777, 0600);
	}
	scratch_chmod(*state, "last_events.json", 0604);
	struct cached_state found = load(*state);
	assert_non_null(found.fault);
	assert_contains(found.fault, "last_events.json: others may read it (mode 0604)");
	cached_state_clear(&found);
	scratch_chmod(*state, "last_state.json", 0644);
	struct diag diag = {0};
	assert_int_equal(state_store_file_load(&node.cache, &options, &found, &diag), -EACCES);
	assert_contains(diag_text(&diag), "last_state.json: others may read it (mode 0644)");
	diag_clear(&diag);
	node_end(&node);
}

static void a_state_of_another_node_is_rejected(void **state)
{
	static const struct {
		const char *node_id, *source, *error;
	} rows[] = {
		{"node-2", "https://control.example", "of another node, \"node-1\""},
		{NULL, "https://control.example", "of another node, \"node-1\""},
		{"node-1", "/etc/state.json", "from another source, \"https://control.example\""},
	};
	struct node node;
	node_begin(&node, *state);
	assert_int_equal(store_document(&node, DOCUMENT_A), 0);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct cached_state found;
		struct diag diag = {0};
		char text[300];
		node.cache.owner.node_id = rows[i].node_id;
		node.cache.owner.source = rows[i].source;
		assert_int_equal(
			state_store_file_load(&node.cache, &options, &found, &diag), -EPERM);
		snprintf(text, sizeof text, "%s: %s", scratch_path(*state, "last_state.json").text,
			rows[i].error);
		assert_string_equal(diag_text(&diag), text);
		diag_clear(&diag);
	}
}

static void a_node_without_an_id_has_a_state_of_its_own(void **state)
{
	struct node node;
	struct cached_state found;
	node_begin(&node, *state);
	node.cache.owner.node_id = NULL;
	assert_int_equal(store_document(&node, DOCUMENT_A), 0);
	assert_int_equal(state_store_file_load(&node.cache, &options, &found, NULL), 0);
	cached_state_clear(&found);
	node.cache.owner.node_id = "null";
	struct diag diag = {0};
	assert_int_equal(state_store_file_load(&node.cache, &options, &found, &diag), -EPERM);
	assert_contains(diag_text(&diag), "of another node, without an id");
	diag_clear(&diag);
}

static void events_over_another_document_are_left_out(void **state)
{
	struct node node;
	node_begin(&node, *state);
	assert_int_equal(store_document(&node, DOCUMENT_A), 0);
	assert_int_equal(pending_events_remove(&node.pending, "peer-2"), 0);
	assert_int_equal(store_peers(&node), 0);
	pending_events_clear(&node.pending);
	assert_int_equal(pending_events_remove(&node.pending, "peer-9"), 0);
	/* The power fails before the next event, and again after the same document came back. */
	static const char *const documents[] = {DOCUMENT_B, DOCUMENT_A};
	for (size_t i = 0; i < COUNT_OF(documents); i++) {
		assert_int_equal(store_document(&node, documents[i]), 0);
		struct cached_state found = load(*state);
		assert_null(found.fault);
		assert_int_equal(found.peers.pending.count, 1);
		assert_removed(&found, "peer-9");
		cached_state_clear(&found);
	}
	node_end(&node);
}

/* The identity of the file: each write makes a new one. */
static ino_t file_number(const struct scratch *scratch, const char *name)
{
	struct stat status;
	assert_int_equal(stat(scratch_path(scratch, name).text, &status), 0);
	return status.st_ino;
}

static void a_state_on_the_disk_is_not_written_again(void **state)
{
	struct node node;
	node_begin(&node, *state);
	node_knows(&node, "peer-2", 2);
	assert_int_equal(store_document(&node, DOCUMENT_A), 0);
	assert_int_equal(store_peers(&node), 0);
	assert_false(scratch_has(*state, "last_events.json"));
	ino_t number = file_number(*state, "last_state.json");
	assert_int_equal(store_document(&node, DOCUMENT_A), 0);
	assert_false(scratch_has(*state, "last_events.json"));

	assert_int_equal(pending_events_remove(&node.pending, "peer-2"), 0);
	assert_int_equal(store_document(&node, DOCUMENT_A), 0);
	ino_t events_number = file_number(*state, "last_events.json");
	assert_int_equal(store_peers(&node), 0);
	assert_int_equal(file_number(*state, "last_events.json"), events_number);

	/* After a restart too. */
	struct cached_state found;
	node_end(&node);
	node_begin(&node, *state);
	assert_int_equal(state_store_file_load(&node.cache, &options, &found, NULL), 0);
	node_knows(&node, "peer-2", 2);
	node.pending = found.peers.pending;
	found.peers.pending = (struct pending_events){0};
	cached_state_clear(&found);
	assert_int_equal(store_document(&node, DOCUMENT_A), 0);
	assert_int_equal(file_number(*state, "last_state.json"), number);
	assert_int_equal(file_number(*state, "last_events.json"), events_number);
	assert_int_equal(store_document(&node, DOCUMENT_B), 0);
	assert_int_not_equal(file_number(*state, "last_state.json"), number);
	node_end(&node);
}

static void a_document_that_cannot_be_stored_leaves_the_old_one(void **state)
{
	struct node node;
	node_begin(&node, *state);
	assert_int_equal(store_document(&node, DOCUMENT_A), 0);
	assert_int_equal(pending_events_remove(&node.pending, "peer-2"), 0);
	assert_int_equal(store_peers(&node), 0);

	/* The fetch of B overtook the event, and the disk fails. */
	const char *directory = node.cache.owner.directory;
	struct scratch_path nowhere = scratch_path(*state, "nowhere");
	node.cache.owner.directory = nowhere.text;
	pending_events_clear(&node.pending);
	assert_int_equal(store_document(&node, DOCUMENT_B), -ENOENT);
	node.cache.owner.directory = directory;
	assert_int_equal(store_peers(&node), 0);
	struct cached_state found = load(*state);
	assert_int_equal(found.document.entry_count, 1);
	assert_removed(&found, "peer-2");
	cached_state_clear(&found);

	assert_int_equal(store_document(&node, DOCUMENT_B), 0);
	found = load(*state);
	assert_int_equal(found.document.entry_count, 0);
	assert_int_equal(found.peers.pending.count, 0);
	cached_state_clear(&found);
	node_end(&node);
}

static void events_that_could_not_be_stored_are_stored_next_time(void **state)
{
	struct node node;
	node_begin(&node, *state);
	assert_int_equal(store_document(&node, DOCUMENT_A), 0);
	const char *directory = node.cache.owner.directory;
	struct scratch_path nowhere = scratch_path(*state, "nowhere");
	node.cache.owner.directory = nowhere.text;
	assert_int_equal(pending_events_remove(&node.pending, "peer-2"), 0);
	assert_int_equal(store_peers(&node), -ENOENT);
	node.cache.owner.directory = directory;
	assert_int_equal(store_peers(&node), 0);
	struct cached_state found = load(*state);
	assert_removed(&found, "peer-2");
	cached_state_clear(&found);
	node_end(&node);
}

static void an_invalid_document_is_not_stored(void **state)
{
	struct node node;
	node_begin(&node, *state);
	assert_int_equal(store_document(&node, "{\"peers\":[]"), -EINVAL);
	/* As deep as a document may be, and one deeper as a part of another. */
	char deep[300] = "{\"peers\":[],\"deep\":";
	size_t length = strlen(deep);
	memset(deep + length, '[', 127);
	memset(deep + length + 127, ']', 127);
	strcpy(deep + length + 254, "}");
	struct state_document document = {0};
	assert_int_equal(state_wire_read(deep, strlen(deep), &options, &document, NULL), 0);
	state_document_clear(&document);
	assert_int_equal(store_document(&node, deep), -EINVAL);
	assert_false(scratch_has(*state, "last_state.json"));
}

/* Both files, with one event in each. */
static void store_both(struct node *node)
{
	node_knows(node, "peer-2", 2);
	assert_int_equal(pending_events_remove(&node->pending, "peer-7"), 0);
	assert_int_equal(store_document(node, DOCUMENT_A), 0);
	node_sees_added(node, PEER("peer-8", KEY_3));
	assert_int_equal(store_peers(node), 0);
}

static void a_state_cut_anywhere_is_rejected(void **state)
{
	struct node node;
	node_begin(&node, *state);
	store_both(&node);
	char *text = scratch_read(*state, "last_state.json");
	size_t whole = strlen(text) - 1; /* except for the line feed */
	for (size_t length = whole; length-- > 0;) {
		struct cached_state found;
		struct diag diag = {0};
		text[length] = '\0';
		scratch_write(*state, "last_state.json", text);
		assert_int_equal(
			state_store_file_load(&node.cache, &options, &found, &diag), -EINVAL);
		assert_contains(diag_text(&diag), "/last_state.json: ");
		diag_clear(&diag);
	}
	free(text);
	node_end(&node);
}

static void events_cut_anywhere_leave_those_of_the_document(void **state)
{
	struct node node;
	node_begin(&node, *state);
	store_both(&node);
	char *text = scratch_read(*state, "last_events.json");
	for (size_t length = strlen(text) - 1; length-- > 0;) {
		text[length] = '\0';
		scratch_write(*state, "last_events.json", text);
		struct cached_state found = load(*state);
		assert_non_null(found.fault);
		assert_contains(found.fault, "/last_events.json: ");
		assert_int_equal(found.peers.pending.count, 1);
		assert_removed(&found, "peer-7");
		cached_state_clear(&found);
	}
	free(text);
	node_end(&node);
}

static void a_wrong_byte_changes_no_document(void **state)
{
	struct node node;
	node_begin(&node, *state);
	store_both(&node);
	char *text = scratch_read(*state, "last_state.json");
	for (size_t i = 0; text[i]; i++) {
		char byte = text[i];
		text[i] = (char)(byte ^ (1 << i % 7));
		scratch_write(*state, "last_state.json", text);
		struct cached_state found = {0};
		if (state_store_file_load(&node.cache, &options, &found, NULL) == 0) {
			assert_int_equal(found.document.entry_count, 1);
			assert_string_equal(found.document.entries[0].id, "peer-2");
			assert_int_equal(found.document.entries[0].config.public_key.bytes[0], 2);
		}
		cached_state_clear(&found);
		text[i] = byte;
	}
	free(text);
	node_end(&node);
}

#define STAMP "\"stamp\":\"0123456789abcdef\""
#define HASH  "\"hash\":\"45\""
#define OWNER "\"node_id\":\"node-1\",\"source\":\"https://control.example\""

static void a_state_file_of_another_version_is_rejected(void **state)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{"[]", "not an object"},
		{"{}", "version: missing"},
		{"{\"version\":2}", "of another version"},
		{"{\"version\":1.0}", "of another version"},
		{"{\"version\":1,\"version\":1}", "repeated member \"version\""},
		{"{\"version\":1}", "of another node, without an id"},
		{"{\"version\":1,\"node_id\":7}", "of another node, without an id"},
		{"{\"version\":1,\"node_id\":\"node-1\"}", "source: not a string"},
		{"{\"version\":1," OWNER "}", "stamp: not a string of 16 characters"},
		{"{\"version\":1," OWNER ",\"stamp\":\"\"}",
			"stamp: not a string of 16 characters"},
		{"{\"version\":1," OWNER "," STAMP "}", "document: missing"},
		{"{\"version\":1," OWNER "," STAMP ",\"document\":{\"peers\":[]}}",
			"document: does not match its hash"},
		{"{\"version\":1," OWNER "," STAMP "," HASH ",\"document\":{\"peers\":[]}}",
			"document: does not match its hash"},
	};
	struct node node;
	node_begin(&node, *state);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct cached_state found;
		struct diag diag = {0};
		char text[300];
		scratch_write(*state, "last_state.json", rows[i].text);
		assert_true(state_store_file_load(&node.cache, &options, &found, &diag) < 0);
		snprintf(text, sizeof text, "%s: %s", scratch_path(*state, "last_state.json").text,
			rows[i].error);
		assert_string_equal(diag_text(&diag), text);
		diag_clear(&diag);
	}
}

#define ID_OF_64  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID_OF_256 ID_OF_64 ID_OF_64 ID_OF_64 ID_OF_64

static void events_of_another_version_are_left_out(void **state)
{
	static const struct {
		const char *members, *error;
	} rows[] = {
		{"\"events\":[]", "index: not an object"},
		{"\"index\":[],\"events\":[]", "index: not an object"},
		{"\"index\":{}", "events: not an array"},
		{"\"index\":{\"a\":7},\"events\":[]", "index: \"a\": not a string"},
		{"\"index\":{\"a\":\"AgI=\"},\"events\":[]",
			"index: \"a\": 4 characters, a key in base64 has 44"},
		{"\"index\":{\"\":\"" KEY_2 "\"},\"events\":[]", "index: \"\": not an id"},
		{"\"index\":{\"a\\u0000\":\"" KEY_2 "\"},\"events\":[]",
			"index: \"a\\x00\": contains a NUL byte"},
		{"\"index\":{\"a\":\"" KEY_2 "\",\"a\":\"" KEY_2 "\"},\"events\":[]",
			"index: repeated member \"a\""},
		{"\"index\":{},\"events\":[7]", "events: [0]: neither \"removed\" nor \"peer\""},
		{"\"index\":{},\"events\":[{\"removed\":\"a\"},{}]",
			"events: [1]: neither \"removed\" nor \"peer\""},
		{"\"index\":{},\"events\":[{\"removed\":7}]", "events: [0]: not a string"},
		{"\"index\":{},\"events\":[{\"removed\":\"" ID_OF_256 "\"}]",
			"events: [0]: not an id"},
		{"\"index\":{},\"events\":[{\"peer\":7}]", "events: [0]: not an object"},
		{"\"index\":{},\"events\":[{\"peer\":{\"id\":\"a\"}}]",
			"events: [0]: \"a\": allowed_ips: missing"},
	};
	struct node node;
	node_begin(&node, *state);
	store_both(&node);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char text[700];
		snprintf(text, sizeof text, "{\"version\":1,\"stamp\":\"%s\",%s}", node.cache.stamp,
			rows[i].members);
		scratch_write(*state, "last_events.json", text);
		struct cached_state found = load(*state);
		snprintf(text, sizeof text, "%s: %s", scratch_path(*state, "last_events.json").text,
			rows[i].error);
		assert_non_null(found.fault);
		assert_string_equal(found.fault, text);
		assert_int_equal(found.peers.pending.count, 1);
		assert_int_equal(found.peers.name_count, 1);
		cached_state_clear(&found);
	}
	node_end(&node);
}

#define CACHE_TEST(name) cmocka_unit_test_setup_teardown(name, scratch_make, scratch_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CACHE_TEST(a_stored_state_is_restored),
		CACHE_TEST(without_a_stored_state_nothing_is_restored),
		CACHE_TEST(only_the_owner_may_read_the_files),
		CACHE_TEST(a_state_of_another_node_is_rejected),
		CACHE_TEST(a_node_without_an_id_has_a_state_of_its_own),
		CACHE_TEST(events_over_another_document_are_left_out),
		CACHE_TEST(a_state_on_the_disk_is_not_written_again),
		CACHE_TEST(a_document_that_cannot_be_stored_leaves_the_old_one),
		CACHE_TEST(events_that_could_not_be_stored_are_stored_next_time),
		CACHE_TEST(an_invalid_document_is_not_stored),
		CACHE_TEST(a_state_cut_anywhere_is_rejected),
		CACHE_TEST(events_cut_anywhere_leave_those_of_the_document),
		CACHE_TEST(a_wrong_byte_changes_no_document),
		CACHE_TEST(a_state_file_of_another_version_is_rejected),
		CACHE_TEST(events_of_another_version_are_left_out),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
