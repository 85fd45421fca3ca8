/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every test includes: cmocka with its headers, and short ways to write values. A value that
 * cannot be made fails the test.
 */
#pragma once

#include "diag.h"
#include "endpoint.h"
#include "key.h"
#include "prefix.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* A public key of 32 equal bytes. */
static inline struct key_public key_of(unsigned char byte)
{
	struct key_public key;
	memset(key.bytes, byte, sizeof key.bytes);
	return key;
}

static inline struct key_secret secret_of(unsigned char byte)
{
	struct key_secret key;
	memset(key.bytes, byte, sizeof key.bytes);
	return key;
}

static inline struct prefix prefix_of(const char *text)
{
	struct prefix prefix = {0};
	assert_int_equal(prefix_parse(text, strlen(text), &prefix, NULL), 0);
	return prefix;
}

static inline struct ip ip_of(const char *text)
{
	struct ip ip = {0};
	assert_true(ip_parse(text, strlen(text), &ip));
	return ip;
}

/* No host names: this endpoint has no place to own one. */
static inline struct endpoint endpoint_of(const char *text)
{
	char host[ENDPOINT_HOST_MAX + 1];
	struct endpoint endpoint = {0};
	assert_int_equal(endpoint_parse(text, strlen(text), host, &endpoint, NULL), 0);
	assert_int_not_equal(endpoint.kind, ENDPOINT_NAME);
	return endpoint;
}

static inline void assert_contains(const char *text, const char *part)
{
	if (!text || !strstr(text, part))
		fail_msg("\"%s\" does not hold \"%s\"", text ? text : "", part);
}

static inline void assert_lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" holds \"%s\"", text, part);
}
