#include "failing_memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_reallocarray(void *memory, size_t count, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);
char *__wrap_strdup(const char *text);
int __wrap_asprintf(char **ret, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool is_armed, is_for_good, has_failed;
static unsigned spared_count;

void failing_memory_arm(unsigned spared, bool for_good)
{
	is_armed = true;
	is_for_good = for_good;
	has_failed = false;
	spared_count = spared;
}

bool failing_memory_disarm(void)
{
	is_armed = false;
	return has_failed;
}

static bool is_to_fail(void)
{
	if (!is_armed || (has_failed && !is_for_good))
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
	return is_to_fail() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return is_to_fail() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return is_to_fail() ? NULL : __real_realloc(memory, size);
}

void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
	return is_to_fail() ? NULL : __real_reallocarray(memory, count, size);
}

char *__wrap_strdup(const char *text)
{
	return is_to_fail() ? NULL : __real_strdup(text);
}

int __wrap_asprintf(char **ret, const char *format, ...)
{
	if (is_to_fail())
		return -1;
	va_list args;
	va_start(args, format);
	int length = vasprintf(ret, format, args);
	va_end(args);
	return length;
}
