/* SPDX-License-Identifier: Apache-2.0 */
#include "failing_memory.h"

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_reallocarray(void *memory, size_t count, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t length);
int __real_vasprintf(char **ret, const char *format, va_list arguments);
void *__real_tsearch(const void *key, void **root, int (*compare)(const void *a, const void *b));
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t length);
int __wrap_vasprintf(char **ret, const char *format, va_list arguments);
void *__wrap_tsearch(const void *key, void **root, int (*compare)(const void *a, const void *b));
int __wrap_asprintf(char **ret, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Per thread: a failure in one never affects another. */
static _Thread_local bool is_armed, is_paused, is_for_good, has_failed;
static _Thread_local unsigned spared_count;

void failing_memory_arm(unsigned spared, bool for_good)
{
	is_armed = true;
	is_paused = false;
	is_for_good = for_good;
	has_failed = false;
	spared_count = spared;
}

bool failing_memory_disarm(void)
{
	is_armed = false;
	return has_failed;
}

void failing_memory_pause(void)
{
	is_paused = true;
}

void failing_memory_resume(void)
{
	is_paused = false;
}

bool failing_memory_fails(void)
{
	if (!is_armed || is_paused || (has_failed && !is_for_good))
		return false;
	if (!has_failed && spared_count > 0) {
		spared_count--;
		return false;
	}
	has_failed = true;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return failing_memory_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return failing_memory_fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return failing_memory_fails() ? NULL : __real_realloc(memory, size);
}

void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
	return failing_memory_fails() ? NULL : __real_reallocarray(memory, count, size);
}

char *__wrap_strdup(const char *text)
{
	return failing_memory_fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t length)
{
	return failing_memory_fails() ? NULL : __real_strndup(text, length);
}

int __wrap_vasprintf(char **ret, const char *format, va_list arguments)
{
	return failing_memory_fails() ? -1 : __real_vasprintf(ret, format, arguments);
}

int __wrap_asprintf(char **ret, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int length = __wrap_vasprintf(ret, format, arguments);
	va_end(arguments);
	return length;
}

/* Returns whether an allocation failed. */
static bool attempt_with(
	memory_attempt attempt, void *impl, unsigned spared, bool for_good, unsigned *errors)
{
	failing_memory_arm(spared, for_good);
	int error = attempt(impl);
	bool failed = failing_memory_disarm();
	assert_int_equal(error, error ? -ENOMEM : 0);
	assert_true(failed || !error);
	*errors += error != 0;
	return failed;
}

void fail_each_allocation(memory_attempt attempt, void *impl)
{
	unsigned errors = 0, spared = 0;
	while (attempt_with(attempt, impl, spared, false, &errors)) {
		attempt_with(attempt, impl, spared, true, &errors);
		spared++;
	}
	assert_true(errors > 0);
	assert_int_equal(attempt(impl), 0);
}

void *__wrap_tsearch(const void *key, void **root, int (*compare)(const void *a, const void *b))
{
	return failing_memory_fails() ? NULL : __real_tsearch(key, root, compare);
}
