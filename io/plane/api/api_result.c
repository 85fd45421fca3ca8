/* SPDX-License-Identifier: Apache-2.0 */
#include "api_result.h"

#include "http_client.h"
#include "timestamp.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define AGE_MAX_S (INT64_C(10) * 366 * 24 * 3600)

const char *api_outcome_name(enum api_outcome outcome)
{
	static const char *const names[] = {
#define X(upper, lower) [API_OUTCOME_##upper] = #lower,
		API_OUTCOMES(X)
#undef X
	};
	return names[outcome];
}

static enum api_outcome outcome_of_status(int status)
{
	if (status >= 200 && status < 300)
		return API_OUTCOME_OK;
	if (status == 304)
		return API_OUTCOME_NOT_MODIFIED;
	if (status == 401)
		return API_OUTCOME_UNAUTHORIZED;
	if (status == 403)
		return API_OUTCOME_FORBIDDEN;
	if (status == 404)
		return API_OUTCOME_NOT_FOUND;
	if (status == 429)
		return API_OUTCOME_RATE_LIMITED;
	if (status >= 400 && status < 500)
		return API_OUTCOME_REFUSED;
	if (status >= 500 && status < 600)
		return API_OUTCOME_SERVER_ERROR;
	return API_OUTCOME_PROTOCOL;
}

static enum api_outcome outcome_of_end(enum http_end end)
{
	switch (end) {
	case HTTP_END_RESPONSE:
		return API_OUTCOME_OK;
	case HTTP_END_NETWORK:
		return API_OUTCOME_NETWORK;
	case HTTP_END_TIMED_OUT:
		return API_OUTCOME_TIMED_OUT;
	case HTTP_END_TOO_LARGE:
		return API_OUTCOME_TOO_LARGE;
	case HTTP_END_PROTOCOL:
	case HTTP_END_ABORTED:
		return API_OUTCOME_PROTOCOL;
	}
	return API_OUTCOME_PROTOCOL;
}

static bool is_success(enum api_outcome outcome)
{
	return outcome == API_OUTCOME_OK || outcome == API_OUTCOME_NOT_MODIFIED;
}

/* Return the response's age in a cache, in seconds, or -1 if its Age is invalid. */
static int64_t age_of(const struct http_response *response)
{
	const char *text = response->age.text;
	int64_t age_s = 0;
	for (; *text >= '0' && *text <= '9' && age_s <= AGE_MAX_S; text++)
		age_s = age_s * 10 + (*text - '0');
	return *text || age_s > AGE_MAX_S ? -1 : age_s;
}

/* Date is the time of the response; its age in caches has passed since. */
static void take_date(struct api_result *result, const struct http_response *response)
{
	time_t seconds = curl_getdate(response->date.text, NULL);
	int64_t age_s = age_of(response);
	/* A later date does not fit server_date_ns. */
	if (seconds < 0 || age_s < 0 || seconds > TIMESTAMP_MAX_NS / NS_PER_S - age_s)
		return;
	seconds += age_s;
	result->has_server_date = true;
	result->server_date_ns = (int64_t)seconds * NS_PER_S;
	result->server_date_age_ms = loop_now_ms() - response->arrived_ms;
}

/* Retry-After is whole seconds or a time; a time is compared with the server's own clock. */
static void take_retry_after(struct api_result *result, const struct http_response *response)
{
	const char *text = response->retry_after.text;
	size_t digits = strspn(text, "0123456789");
	int64_t wait_ms = 0;
	if (is_success(result->outcome) || !*text)
		return;
	if (!text[digits]) {
		for (size_t i = 0; i < digits && wait_ms < API_RETRY_AFTER_MAX_MS; i++)
			wait_ms = wait_ms * 10 + (text[i] - '0') * INT64_C(1000);
	} else {
		time_t until_s = curl_getdate(text, NULL);
		if (until_s < 0 || until_s > TIMESTAMP_MAX_NS / NS_PER_S ||
			!result->has_server_date)
			return;
		wait_ms = ((int64_t)until_s - result->server_date_ns / NS_PER_S) * 1000;
	}
	if (wait_ms < 0)
		wait_ms = 0;
	result->retry_after_ms =
		wait_ms < API_RETRY_AFTER_MAX_MS ? wait_ms : API_RETRY_AFTER_MAX_MS;
}

void api_result_fail(struct api_result *result, enum api_outcome outcome, const char *error)
{
	result->outcome = outcome;
	result->error = error;
}

struct api_result api_result_of_header(
	const struct http_response *response, char error[API_ERROR_SIZE])
{
	struct api_result result = {
		.outcome = outcome_of_status(response->status),
		.status = response->status,
		.error = "",
		.retry_after_ms = -1,
	};
	if (!is_success(result.outcome)) {
		bool is_redirect = response->status >= 300 && response->status < 400;
		snprintf(error, API_ERROR_SIZE, "status %d%s", response->status,
			is_redirect ? ": redirects are not followed" : "");
		result.error = error;
	}
	take_date(&result, response);
	take_retry_after(&result, response);
	return result;
}

struct api_result api_result_of(const struct http_result *http, char error[API_ERROR_SIZE])
{
	struct api_result result = {.retry_after_ms = -1, .error = ""};
	if (http->response->status)
		result = api_result_of_header(http->response, error);
	if ((!http->response->status || is_success(result.outcome)) &&
		http->end != HTTP_END_RESPONSE)
		api_result_fail(&result, outcome_of_end(http->end), http->error);
	return result;
}
