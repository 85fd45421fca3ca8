/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A header as libcurl passes it on, line by line: no value has a control character in it, and
 * parsed values stay within their limits.
 */
#include "api_result.h"
#include "fuzz.h"
#include "http_response.h"
#include "timestamp.h"

#include <stdlib.h>
#include <string.h>

static void field_check(const struct http_field *field)
{
	size_t length = strnlen(field->text, sizeof field->text);
	FUZZ_HOLDS(length <= HTTP_FIELD_MAX);
	for (size_t i = 0; i < length; i++)
		FUZZ_HOLDS((unsigned char)field->text[i] >= ' ' && field->text[i] != 0x7f);
	FUZZ_HOLDS(length == 0 || (field->text[0] != ' ' && field->text[length - 1] != ' '));
}

static void result_check(const struct http_response *response)
{
	char error[API_ERROR_SIZE];
	struct api_result result = api_result_of_header(response, error);
	bool is_good =
		result.outcome == API_OUTCOME_OK || result.outcome == API_OUTCOME_NOT_MODIFIED;
	FUZZ_HOLDS(result.retry_after_ms >= -1);
	FUZZ_HOLDS(result.retry_after_ms <= API_RETRY_AFTER_MAX_MS);
	FUZZ_HOLDS(!is_good || result.retry_after_ms == -1);
	FUZZ_HOLDS(is_good == !*result.error);
	if (result.has_server_date)
		FUZZ_HOLDS(result.server_date_ns >= 0 && result.server_date_ns <= TIMESTAMP_MAX_NS);
}

/* The first line has the status, as libcurl would have read it. */
static int status_of(const char *text, size_t length)
{
	char digits[4] = {0};
	memcpy(digits, text, length < 3 ? length : 3);
	return atoi(digits);
}

void fuzz_one(const char *text, size_t length)
{
	struct http_response response = {0};
	struct fuzz_part rest = {text, length};
	int status = status_of(text, length);
	while (rest.length) {
		const char *start = rest.text;
		fuzz_cut(&rest, "\n");
		size_t line_length = (size_t)(rest.text - start);
		char *line = fuzz_copy(start, line_length);
		http_response_take_line(&response, line, line_length);
		http_line_is_empty(line, line_length);
		free(line);
	}
	field_check(&response.content_type);
	field_check(&response.content_encoding);
	field_check(&response.date);
	field_check(&response.etag);
	field_check(&response.retry_after);
	http_response_has_type(&response, "text/event-stream");
	response.status = status;
	result_check(&response);
}
