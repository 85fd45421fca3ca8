/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of keys: locked, excluded from dumps, wiped, and one arena. */
#include "harness.h"

#include "locked_memory.h"
#include "secret_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Whether the mapping that holds `memory` has that flag in /proc/self/smaps, such as "lo". */
static bool mapping_has_flag(const void *memory, const char *flag)
{
	char line[512], wanted[8];
	bool is_ours = false, has_flag = false;
	FILE *file = fopen("/proc/self/smaps", "r");
	assert_non_null(file);
	snprintf(wanted, sizeof wanted, " %s", flag);
	while (fgets(line, sizeof line, file)) {
		unsigned long begin, end;
		if (sscanf(line, "%lx-%lx ", &begin, &end) == 2)
			is_ours = begin <= (unsigned long)memory && (unsigned long)memory < end;
		else if (is_ours && strncmp(line, "VmFlags:", 8) == 0)
			has_flag = strstr(line, wanted) != NULL;
	}
	fclose(file);
	return has_flag;
}

static size_t mapping_count(void)
{
	size_t count = 0;
	int c;
	FILE *file = fopen("/proc/self/maps", "r");
	assert_non_null(file);
	while ((c = getc(file)) != EOF)
		count += c == '\n';
	fclose(file);
	return count;
}

static bool is_zero(const unsigned char *memory, size_t size)
{
	return size == 0 || (memory[0] == 0 && memcmp(memory, memory + 1, size - 1) == 0);
}

static void every_size_is_locked_and_in_no_dump(void **state)
{
	static const size_t sizes[] = {0, 1, 64, 65, 4096, 32768, 32769, 262144, 1000000};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		unsigned char *memory = secret_alloc(sizes[i]);
		assert_non_null(memory);
		memset(memory, 0x5a, sizes[i]);
		assert_true(mapping_has_flag(memory, "lo"));
		assert_true(mapping_has_flag(memory, "dd"));
		secret_free(memory, sizes[i]);
	}
}

static void an_allocated_block_is_zero(void **state)
{
	unsigned char *blocks[64];
	for (unsigned round = 0; round < 3; round++) {
		for (size_t i = 0; i < 64; i++) {
			size_t size = i * i * 16;
			blocks[i] = secret_alloc(size);
			assert_non_null(blocks[i]);
			assert_true(is_zero(blocks[i], size));
			memset(blocks[i], 0xff, size);
		}
		for (size_t i = 0; i < 64; i++)
			secret_free(blocks[i], i * i * 16);
	}
}

static void a_freed_block_is_wiped(void **state)
{
	unsigned char *memory = secret_alloc(512);
	assert_non_null(memory);
	memset(memory, 0x5a, 512);
	secret_free(memory, 512);
	/* Its pages stay the arena's, and its first bytes serve the arena. */
	assert_true(is_zero(memory + sizeof(void *), 512 - sizeof(void *)));
}

static void growing_keeps_what_is_used_and_wipes_the_old_block(void **state)
{
	unsigned char *memory = secret_alloc(100);
	assert_non_null(memory);
	memset(memory, 0x5a, 100);
	unsigned char *grown = secret_grow(memory, 100, 60, 200);
	assert_non_null(grown);
	assert_true(is_zero(memory + sizeof(void *), 100 - sizeof(void *)));
	assert_int_equal(grown[59], 0x5a);
	assert_true(is_zero(grown + 60, 140));
	secret_free(grown, 200);
	grown = secret_grow(NULL, 0, 0, 10);
	assert_non_null(grown);
	secret_free(grown, 10);
}

static void a_large_block_grows_and_stays_locked_and_in_no_dump(void **state)
{
	static const size_t larger[] = {262145, 300000, 4000000};
	size_t size = 40000;
	unsigned char *memory = secret_alloc(size);
	assert_non_null(memory);
	memset(memory, 0x5a, size);
	for (size_t i = 0; i < sizeof larger / sizeof *larger; i++) {
		unsigned char *grown = secret_grow(memory, size, 40000, larger[i]);
		assert_non_null(grown);
		assert_int_equal(grown[0], 0x5a);
		assert_int_equal(grown[39999], 0x5a);
		assert_true(is_zero(grown + 40000, larger[i] - 40000));
		assert_true(mapping_has_flag(grown, "lo"));
		assert_true(mapping_has_flag(grown, "dd"));
		memory = grown;
		size = larger[i];
	}
	assert_null(secret_grow(memory, size, size, SIZE_MAX));
	assert_null(secret_grow(memory, size, size, SIZE_MAX / 4));
	assert_int_equal(memory[0], 0x5a);
	secret_free(memory, size);
}

static void blocks_do_not_overlap_and_are_aligned(void **state)
{
	enum { COUNT = 3000 };
	unsigned char *blocks[COUNT];
	for (size_t i = 0; i < COUNT; i++) {
		blocks[i] = secret_alloc(8 + i);
		assert_non_null(blocks[i]);
		assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
		memset(blocks[i], (int)(i & 0xff), 8 + i);
	}
	for (size_t i = 0; i < COUNT; i++) {
		for (size_t k = 0; k < 8 + i; k++)
			assert_int_equal(blocks[i][k], i & 0xff);
		secret_free(blocks[i], 8 + i);
	}
}

static void a_hundred_thousand_keys_take_few_mappings(void **state)
{
	enum { COUNT = 100000 };
	void **blocks = calloc(COUNT, sizeof *blocks);
	assert_non_null(blocks);
	size_t before = mapping_count();
	for (size_t i = 0; i < COUNT; i++)
		assert_non_null(blocks[i] = secret_alloc(32));
	assert_true(mapping_count() < before + 10);
	for (size_t i = 0; i < COUNT; i++)
		secret_free(blocks[i], 32);
	free(blocks);
}

static void impossible_sizes_are_rejected(void **state)
{
	assert_null(secret_alloc(SIZE_MAX));
	assert_null(secret_alloc(SIZE_MAX / 2 + 1));
	assert_null(secret_alloc(SIZE_MAX / 4));
}

static unsigned said_count;

static void log_count(void *sink, enum log_level level, const char *message,
	const struct log_field *fields, unsigned field_count)
{
	said_count++;
}

static const struct logger counting_logger = {.write = log_count};

static void nothing_is_reported_when_all_memory_is_locked(void **state)
{
	locked_memory_log_refusal(&counting_logger);
	assert_int_equal(said_count, 0);
}

/* In a child without memory to lock: 0 on success. */
static int serve_without_lock(void)
{
	static const struct rlimit none = {0};
	if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || (geteuid() == 0 && setuid(65534) != 0))
		return 1;
	unsigned char *memory = secret_alloc(1000000);
	if (!memory || !is_zero(memory, 1000000) || mapping_has_flag(memory, "lo"))
		return 2;
	memset(memory, 1, 1000000);
	memory = secret_grow(memory, 1000000, 1000000, 2000000);
	if (!memory || memory[999999] != 1 || memory[1000000] != 0)
		return 4;
	secret_free(memory, 2000000);
	for (unsigned i = 0; i < 3; i++)
		locked_memory_log_refusal(&counting_logger);
	return said_count == 1 ? 0 : 3;
}

static void a_refused_lock_is_reported_once_and_is_no_failure(void **state)
{
	int status;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(serve_without_lock());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_is_locked_and_in_no_dump),
		cmocka_unit_test(an_allocated_block_is_zero),
		cmocka_unit_test(a_freed_block_is_wiped),
		cmocka_unit_test(growing_keeps_what_is_used_and_wipes_the_old_block),
		cmocka_unit_test(a_large_block_grows_and_stays_locked_and_in_no_dump),
		cmocka_unit_test(blocks_do_not_overlap_and_are_aligned),
		cmocka_unit_test(a_hundred_thousand_keys_take_few_mappings),
		cmocka_unit_test(impossible_sizes_are_rejected),
		cmocka_unit_test(nothing_is_reported_when_all_memory_is_locked),
		cmocka_unit_test(a_refused_lock_is_reported_once_and_is_no_failure),
	};
	locked_memory_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
