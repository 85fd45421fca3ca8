/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base URLs: an accepted one reads as itself, http is for loopback only, and no error quotes a
 * password.
 */
#include "diag.h"
#include "fuzz.h"
#include "http_url.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void url_check(const struct http_url *url)
{
	struct http_url again = {0};
	FUZZ_HOLDS(!url->is_http || url->is_loopback);
	FUZZ_HOLDS(strncmp(url->text, url->is_http ? "http://" : "https://",
			   url->is_http ? 7 : 8) == 0);
	FUZZ_HOLDS(!strpbrk(url->text, "?#\\ \r\n\t"));
	const char *host = strstr(url->text, "://") + 3;
	FUZZ_HOLDS(!memchr(host, '@', strcspn(host, "/")));
	FUZZ_HOLDS(http_url_parse(url->text, &again, NULL) == 0);
	FUZZ_HOLDS(strcmp(url->text, again.text) == 0);
	FUZZ_HOLDS(url->is_http == again.is_http && url->is_loopback == again.is_loopback);
	http_url_clear(&again);
}

void fuzz_one(const char *text, size_t length)
{
	struct diag diag = {0};
	struct http_url url = {.text = (char *)&url};
	char *copy = strndup(text, length);
	int error = http_url_parse(copy, &url, &diag);
	if (error) {
		FUZZ_HOLDS(error == -EINVAL && url.text == (char *)&url);
		FUZZ_HOLDS(*diag_text(&diag) && !fuzz_says_secret(diag_text(&diag)));
	} else {
		url_check(&url);
		http_url_clear(&url);
	}
	diag_clear(&diag);
	free(copy);
}
