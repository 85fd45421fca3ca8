/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The node's identity on disk: read strictly, written once, with no secret left behind in memory.
 */
#include "freed_memory.h"
#include "harness.h"
#include "identity_dir.h"
#include "identity_make.h"
#include "scratch.h"
#include "secret_file.h"
#include "secret_memory.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* 32 bytes of 0x55, which in base64 is a run of V; clamped, the first and the last are others. */
#define PRIVATE "VVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVU="
#define SIGNING "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM="
#define IDENTITY                                                                                   \
	"{\"node_id\":\"n1\",\"mesh_ip\":\"10.0.0.1\",\"signing_public_key\":\"" SIGNING "\"}"

static void identity_write(const struct scratch *scratch)
{
	scratch_write(scratch, "identity.json", IDENTITY);
	scratch_write(scratch, "private_key", PRIVATE "\n");
	scratch_write(scratch, "node_secret_key", "token\n");
	scratch_write(scratch, "signing_public_key", SIGNING "\n");
}

static void an_identity_is_read(void **state)
{
	const struct scratch *scratch = *state;
	struct identity identity;
	struct key_public signing_key, expected = key_of(3);
	char *token;
	identity_write(scratch);
	assert_int_equal(identity_dir_load(scratch->directory, &identity, NULL), 0);
	assert_string_equal(identity.node_id, "n1");
	assert_string_equal(ip_format(&identity.mesh_ip).text, "10.0.0.1");
	assert_int_equal(identity.private_key.bytes[0], 0x55 & 248);
	assert_int_equal(identity_dir_read_token(scratch->directory, &token, NULL), 0);
	assert_string_equal(token, "token");
	/* From the file, or from identity.json where there is none. */
	for (int i = 0; i < 2; i++) {
		memset(&signing_key, 0, sizeof signing_key);
		assert_int_equal(
			identity_dir_read_signing_key(scratch->directory, &signing_key, NULL), 0);
		assert_true(key_public_equal(&signing_key, &expected));
		if (i == 0)
			scratch_unlink(scratch, "signing_public_key");
	}
	secret_text_free(token);
	identity_clear(&identity);
}

static int read_all(const struct scratch *scratch, struct diag *diag)
{
	struct identity identity = {0};
	struct key_public key;
	char *token = NULL;
	int error = identity_dir_load(scratch->directory, &identity, diag);
	if (!error)
		error = identity_dir_read_token(scratch->directory, &token, diag);
	if (!error)
		error = identity_dir_read_signing_key(scratch->directory, &key, diag);
	secret_text_free(token);
	identity_clear(&identity);
	return error;
}

static void an_error_is_named_with_its_file(void **state)
{
	static const struct {
		const char *name, *text, *words;
	} wrongs[] = {
		{"identity.json", "", "byte 0"},
		{"identity.json", "[]", "not an object"},
		{"identity.json", "{\"node_id\":\"n1\"}", "mesh_ip: missing"},
		{"identity.json", "{\"mesh_ip\":7}", "mesh_ip: not a string"},
		{"identity.json", "{\"mesh_ip\":\"10.0.0\"}", "mesh_ip: \"10.0.0\""},
		{"identity.json", "{\"mesh_ip\":\"127.0.0.1\"}", "mesh_ip: \"127.0.0.1\": cannot be the address of a node"},
		{"identity.json", "{\"mesh_ip\":\"10.0.0.1\",\"node_id\":\"a\\u0000\"}", "NUL"},
		{"identity.json", "{\"mesh_ip\":\"10.0.0.1\",\"signing_public_key\":\"AA\"}",
			"signing_public_key"},
		{"private_key", "", "empty"},
		{"private_key", "VVVV", ""},
		{"private_key", PRIVATE "\n" PRIVATE "\n", "not one line"},
		{"private_key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "all zero"},
		{"node_secret_key", "\n\n", "empty"},
		{"signing_public_key", "VVVV", ""},
		{"signing_public_key", "", ""},
	};
	const struct scratch *scratch = *state;
	for (size_t i = 0; i < COUNT_OF(wrongs); i++) {
		struct diag diag = {0};
		identity_write(scratch);
		scratch_write(scratch, wrongs[i].name, wrongs[i].text);
		assert_int_equal(read_all(scratch, &diag), -EINVAL);
		assert_contains(diag_text(&diag), wrongs[i].name);
		assert_contains(diag_text(&diag), wrongs[i].words);
		assert_lacks(diag_text(&diag), "VVVV");
		diag_clear(&diag);
	}
}

static void files_that_others_may_access_are_rejected(void **state)
{
	static const struct {
		const char *name;
		bool is_secret;
	} files[] = {
		{"identity.json", false},
		{"private_key", true},
		{"node_secret_key", true},
		{"signing_public_key", false},
	};
	static const mode_t modes[] = {0620, 0602, 0640, 0604, 0440};
	const struct scratch *scratch = *state;
	identity_write(scratch);
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		for (size_t j = 0; j < COUNT_OF(modes); j++) {
			struct diag diag = {0};
			/* The group is this process's own. */
			bool is_fine =
				!(modes[j] & 0022) && (!files[i].is_secret || !(modes[j] & 0004));
			scratch_chmod(scratch, files[i].name, modes[j]);
			assert_int_equal(read_all(scratch, &diag), is_fine ? 0 : -EACCES);
			if (!is_fine)
				assert_contains(diag_text(&diag), files[i].name);
			diag_clear(&diag);
		}
		scratch_chmod(scratch, files[i].name, 0600);
	}
}

static const struct identity_registration registration = {
	.node_id = "n1",
	.mesh_ip = {.family = IP_V4, .bytes = {10, 0, 0, 1}},
	.node_secret_key = "VVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVV",
};

static void a_registration_keeps_its_key_until_it_is_complete(void **state)
{
	const struct scratch *scratch = *state;
	struct identity first, again;
	struct identity_registration answer = registration;
	int lock;
	answer.signing_public_key = key_of(3);
	assert_int_equal(identity_prepare(scratch->directory, &first, &lock, NULL), 0);
	/* No other process meanwhile. */
	assert_int_equal(identity_prepare(scratch->directory, &again, &lock, NULL), -EBUSY);
	close(lock);
	assert_int_equal(identity_prepare(scratch->directory, &again, &lock, NULL), 0);
	assert_true(key_public_equal(&first.public_key, &again.public_key));
	assert_false(scratch_has(scratch, "identity.json"));
	assert_int_equal(identity_complete(scratch->directory, &answer, NULL), 0);
	close(lock);
	identity_clear(&again);
	assert_int_equal(identity_dir_load(scratch->directory, &again, NULL), 0);
	assert_true(key_public_equal(&first.public_key, &again.public_key));
	assert_int_equal(read_all(scratch, NULL), 0);
	assert_int_equal(identity_prepare(scratch->directory, &again, &lock, NULL), -EEXIST);
	identity_clear(&first);
	identity_clear(&again);
}

static void an_identity_for_file_mode_is_not_an_unfinished_registration(void **state)
{
	const struct scratch *scratch = *state;
	struct ip mesh_ip = ip_of("10.0.0.1");
	struct identity identity;
	int lock;
	assert_int_equal(identity_prepare(scratch->directory, &identity, &lock, NULL), 0);
	close(lock);
	identity_clear(&identity);
	assert_int_equal(
		identity_make(scratch->directory, NULL, &mesh_ip, &identity, NULL), -EEXIST);
	scratch_unlink(scratch, "private_key");
	assert_int_equal(identity_make(scratch->directory, NULL, &mesh_ip, &identity, NULL), 0);
	assert_int_equal(identity_prepare(scratch->directory, &identity, &lock, NULL), -EEXIST);
	identity_clear(&identity);
}

static void an_identity_is_not_made_in_a_directory_that_others_may_write(void **state)
{
	const struct scratch *scratch = *state;
	struct identity identity;
	int lock;
	scratch_mkdir(scratch, "open");
	scratch_chmod(scratch, "open", 0770);
	struct scratch_path path = scratch_path(scratch, "open");
	assert_int_equal(identity_prepare(path.text, &identity, &lock, NULL), -EACCES);
	assert_false(scratch_has(scratch, "open/private_key"));
}

static void no_secret_is_left_in_freed_memory(void **state)
{
	const struct scratch *scratch = *state;
	struct identity identity;
	struct identity_registration answer = registration;
	answer.signing_public_key = key_of(3);
	identity_write(scratch);
	scratch_unlink(scratch, "identity.json");
	for (int i = 0; i < 2; i++) {
		int lock;
		freed_memory_watch(i ? 0x55 : 'V', 30);
		assert_int_equal(identity_prepare(scratch->directory, &identity, &lock, NULL), 0);
		assert_int_equal(identity_complete(scratch->directory, &answer, NULL), 0);
		close(lock);
		identity_clear(&identity);
		assert_int_equal(identity_dir_load(scratch->directory, &identity, NULL), 0);
		identity_clear(&identity);
		assert_int_equal(read_all(scratch, NULL), 0);
		assert_int_equal(freed_memory_hits(), 0);
		scratch_unlink(scratch, "identity.json");
	}
}

/* Secret memory that knows which of it is in use, and what is written to files. */
#define BLOCKS_MAX 64
static struct {
	char *memory;
	size_t size;
} blocks[BLOCKS_MAX];
static size_t secrets_written, others_written;

static void *block_alloc(size_t size)
{
	char *memory = calloc(1, size);
	for (size_t i = 0; i < BLOCKS_MAX; i++) {
		if (!blocks[i].memory) {
			blocks[i].memory = memory;
			blocks[i].size = size;
			return memory;
		}
	}
	fail();
	return NULL;
}

static void block_free(void *memory, size_t size)
{
	for (size_t i = 0; i < BLOCKS_MAX; i++)
		if (blocks[i].memory == memory)
			blocks[i].memory = NULL;
	free(memory);
}

static bool is_secret_memory(const void *memory)
{
	for (size_t i = 0; i < BLOCKS_MAX; i++)
		if (blocks[i].memory && (const char *)memory >= blocks[i].memory &&
			(const char *)memory < blocks[i].memory + blocks[i].size)
			return true;
	return false;
}

ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);

ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
	if (is_secret_memory(bytes))
		secrets_written++;
	else
		others_written++;
	return __real_write(fd, bytes, size);
}

static void texts_of_secrets_are_in_secret_memory(void **state)
{
	static const struct secret_memory_source source = {block_alloc, block_free, NULL};
	const struct scratch *scratch = *state;
	struct identity_registration answer = registration;
	struct identity identity;
	char *token = NULL;
	int lock;
	answer.signing_public_key = key_of(3);
	secret_memory_use(&source);
	secrets_written = others_written = 0;
	assert_int_equal(identity_prepare(scratch->directory, &identity, &lock, NULL), 0);
	assert_int_equal(identity_complete(scratch->directory, &answer, NULL), 0);
	assert_int_equal(others_written, 0);
	assert_true(secrets_written >= 4);
	close(lock);
	assert_int_equal(identity_dir_read_token(scratch->directory, &token, NULL), 0);
	assert_true(is_secret_memory(token));
	secret_text_free(token);
	identity_clear(&identity);
	for (size_t i = 0; i < BLOCKS_MAX; i++)
		assert_null(blocks[i].memory);
	secret_memory_use(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_make, scratch_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_identity_is_read),
		TEST(an_error_is_named_with_its_file),
		TEST(files_that_others_may_access_are_rejected),
		TEST(a_registration_keeps_its_key_until_it_is_complete),
		TEST(an_identity_for_file_mode_is_not_an_unfinished_registration),
		TEST(an_identity_is_not_made_in_a_directory_that_others_may_write),
		TEST(no_secret_is_left_in_freed_memory),
		TEST(texts_of_secrets_are_in_secret_memory),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
