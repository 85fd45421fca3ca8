/* SPDX-License-Identifier: Apache-2.0 */
#include "http_url.h"

#include "diag.h"
#include "ip.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int url_reject(struct diag *diag, const char *why)
{
	return diag_fail(diag, -EINVAL, "%s", why);
}

/* Get a part of the URL, "" if it has none. The caller frees it with curl_free. */
static int part_get(CURLU *handle, CURLUPart part, char **ret)
{
	CURLUcode code = curl_url_get(handle, part, ret, 0);
	if (code == CURLUE_OK)
		return 0;
	*ret = NULL;
	return code == CURLUE_OUT_OF_MEMORY ? -ENOMEM : 0;
}

static bool part_is_given(CURLU *handle, CURLUPart part)
{
	char *text = NULL;
	part_get(handle, part, &text);
	bool is_given = text != NULL;
	curl_free(text);
	return is_given;
}

/* libcurl has already normalised forms such as 127.1 and 0x7f000001. */
static bool host_is_loopback(const char *host)
{
	size_t length = strlen(host);
	if (length > 2 && host[0] == '[')
		return strcmp(host, "[::1]") == 0;
	struct ip ip;
	return ip_parse(host, length, &ip) && ip.family == IP_V4 && ip.bytes[0] == 127;
}

static int check_parts(CURLU *handle, struct http_url *url, struct diag *diag)
{
	char *scheme = NULL, *host = NULL;
	int error = part_get(handle, CURLUPART_SCHEME, &scheme);
	if (!error)
		error = part_get(handle, CURLUPART_HOST, &host);
	if (error || !scheme || !host) {
		error = error ? diag_fail_errno(diag, error) : url_reject(diag, "no host");
		goto out;
	}
	url->is_http = strcmp(scheme, "http") == 0;
	url->is_loopback = host_is_loopback(host) && !part_is_given(handle, CURLUPART_ZONEID);
	if (!url->is_http && strcmp(scheme, "https") != 0)
		error = url_reject(diag, "the scheme is neither https nor http");
	else if (url->is_http && !url->is_loopback)
		error = url_reject(diag, "http is for literal loopback addresses only (127.0.0.1, "
					 "[::1]); use https");
out:
	curl_free(scheme);
	curl_free(host);
	return error;
}

static int url_text_take(CURLU *handle, struct http_url *url, struct diag *diag)
{
	char *text = NULL;
	int error = part_get(handle, CURLUPART_URL, &text);
	if (!error && !text)
		error = -EINVAL;
	size_t length = text ? strlen(text) : 0;
	while (length && text[length - 1] == '/')
		length--;
	if (!error)
		url->text = strndup(text, length);
	curl_free(text);
	if (!error && !url->text)
		error = -ENOMEM;
	return error ? diag_fail_errno(diag, error) : 0;
}

/* Reject what libcurl would silently accept or strip. */
static int check_text(const char *text, struct diag *diag)
{
	if (!*text)
		return url_reject(diag, "empty");
	if (strlen(text) > HTTP_URL_MAX)
		return diag_fail(diag, -EINVAL, "over %d bytes", HTTP_URL_MAX);
	if (strchr(text, '#'))
		return url_reject(diag, "a fragment (#) is not allowed");
	if (strchr(text, '?'))
		return url_reject(diag, "a query (?) is not allowed");
	if (strchr(text, '\\'))
		return url_reject(diag, "a backslash is not allowed");
	for (const char *next = text; *next; next++)
		if ((unsigned char)*next <= ' ' || *next == 0x7f)
			return url_reject(diag, "spaces and control characters are not allowed");
	const char *scheme_end = strchr(text, ':');
	if (!scheme_end || strncmp(scheme_end, "://", strlen("://")) != 0)
		return url_reject(diag, "no scheme: a URL begins with https://");
	const char *host = scheme_end + strlen("://");
	if (*host == '/')
		return url_reject(diag, "no host");
	/* libcurl decodes "%333" to the name "33", which it later reads as the address 0.0.0.33. */
	if (*host != '[' && memchr(host, '%', strcspn(host, "/")))
		return url_reject(diag, "a percent sign in the host is not allowed");
	return 0;
}

static int handle_set(CURLU *handle, const char *text, struct diag *diag)
{
	CURLUcode code = curl_url_set(handle, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME);
	if (code == CURLUE_OUT_OF_MEMORY)
		return diag_fail_errno(diag, -ENOMEM);
	if (code != CURLUE_OK)
		return url_reject(diag, curl_url_strerror(code));
	if (part_is_given(handle, CURLUPART_USER) || part_is_given(handle, CURLUPART_PASSWORD))
		return url_reject(diag, "a user name is not allowed");
	return 0;
}

int http_url_parse(const char *text, struct http_url *ret, struct diag *diag)
{
	int error = check_text(text, diag);
	if (error)
		return error;
	CURLU *handle = curl_url();
	if (!handle)
		return diag_fail_errno(diag, -ENOMEM);
	struct http_url url = {0};
	error = handle_set(handle, text, diag);
	if (!error)
		error = check_parts(handle, &url, diag);
	if (!error)
		error = url_text_take(handle, &url, diag);
	curl_url_cleanup(handle);
	if (!error)
		*ret = url;
	return error;
}

void http_url_clear(struct http_url *url)
{
	free(url->text);
	*url = (struct http_url){0};
}
