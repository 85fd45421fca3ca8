/* SPDX-License-Identifier: Apache-2.0 */
#include "failing_memory.h"

#include <curl/curl.h>
#include <json-c/json.h>
#include <netlink/handlers.h>
#include <netlink/msg.h>
#include <netlink/socket.h>
#include <stdio.h>
#include <string.h>

/* A function of a library that returns a new object, or NULL when out of memory. */
#define MAKER(type, name, parameters, arguments)                                                   \
	type *__real_##name parameters;                                                            \
	type *__wrap_##name parameters;                                                            \
	type *__wrap_##name parameters                                                             \
	{                                                                                          \
		return failing_memory_fails() ? NULL : __real_##name arguments;                    \
	}

MAKER(struct json_tokener, json_tokener_new_ex, (int depth), (depth))
MAKER(struct json_object, json_object_new_object, (void), ())
MAKER(struct json_object, json_object_new_array, (void), ())
MAKER(struct json_object, json_object_new_boolean, (json_bool value), (value))
MAKER(struct json_object, json_object_new_int, (int32_t value), (value))
MAKER(struct json_object, json_object_new_uint64, (uint64_t value), (value))
MAKER(struct json_object, json_object_new_string, (const char *text), (text))
MAKER(struct json_object, json_object_new_string_len, (const char *text, const int length),
	(text, length))
MAKER(const char, json_object_to_json_string_ext, (struct json_object * object, int flags),
	(object, flags))
MAKER(struct nl_msg, nlmsg_alloc_size, (size_t size), (size))
MAKER(struct nl_msg, nlmsg_alloc_simple, (int type, int flags), (type, flags))
MAKER(struct nl_sock, nl_socket_alloc, (void), ())
MAKER(struct nl_cb, nl_cb_alloc, (enum nl_cb_kind kind), (kind))
MAKER(CURL, curl_easy_init, (void), ())
MAKER(CURLM, curl_multi_init, (void), ())
MAKER(CURLU, curl_url, (void), ())
MAKER(struct curl_slist, curl_slist_append, (struct curl_slist * list, const char *text),
	(list, text))
MAKER(FILE, open_memstream, (char **ret_text, size_t *ret_size), (ret_text, ret_size))

struct json_object *__real_json_tokener_parse_ex(
	struct json_tokener *tokener, const char *text, int length);
struct json_object *__wrap_json_tokener_parse_ex(
	struct json_tokener *tokener, const char *text, int length);
/* Without memory for its result it reports nothing else; a null has none anyway. */
struct json_object *__wrap_json_tokener_parse_ex(
	struct json_tokener *tokener, const char *text, int length)
{
	bool is_null = length == 4 && memcmp(text, "null", 4) == 0;
	return !is_null && failing_memory_fails()
		       ? NULL
		       : __real_json_tokener_parse_ex(tokener, text, length);
}

int __real_json_object_object_add(
	struct json_object *object, const char *name, struct json_object *value);
int __wrap_json_object_object_add(
	struct json_object *object, const char *name, struct json_object *value);
int __wrap_json_object_object_add(
	struct json_object *object, const char *name, struct json_object *value)
{
	return failing_memory_fails() ? -1 : __real_json_object_object_add(object, name, value);
}

int __real_json_object_array_add(struct json_object *array, struct json_object *value);
int __wrap_json_object_array_add(struct json_object *array, struct json_object *value);
int __wrap_json_object_array_add(struct json_object *array, struct json_object *value)
{
	return failing_memory_fails() ? -1 : __real_json_object_array_add(array, value);
}

CURLUcode __real_curl_url_set(CURLU *url, CURLUPart part, const char *text, unsigned flags);
CURLUcode __wrap_curl_url_set(CURLU *url, CURLUPart part, const char *text, unsigned flags);
CURLUcode __wrap_curl_url_set(CURLU *url, CURLUPart part, const char *text, unsigned flags)
{
	return failing_memory_fails() ? CURLUE_OUT_OF_MEMORY
				      : __real_curl_url_set(url, part, text, flags);
}

CURLUcode __real_curl_url_get(const CURLU *url, CURLUPart part, char **ret, unsigned flags);
CURLUcode __wrap_curl_url_get(const CURLU *url, CURLUPart part, char **ret, unsigned flags);
CURLUcode __wrap_curl_url_get(const CURLU *url, CURLUPart part, char **ret, unsigned flags)
{
	return failing_memory_fails() ? CURLUE_OUT_OF_MEMORY
				      : __real_curl_url_get(url, part, ret, flags);
}
