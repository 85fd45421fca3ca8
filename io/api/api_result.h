/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What came of asking the control plane for something. What to do about it, when to try again and
 * what to log are not decided here.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct http_result;
struct http_response;

#define API_OUTCOMES(X)                                                                            \
	X(OK, ok)                                                                                  \
	X(NOT_MODIFIED, not_modified)                                                              \
	X(UNAUTHORIZED, unauthorized) /* 401 */                                                    \
	X(FORBIDDEN, forbidden)       /* 403 */                                                    \
	X(NOT_FOUND, not_found)       /* 404 */                                                    \
	X(RATE_LIMITED, rate_limited) /* 429 */                                                    \
	X(REFUSED, refused)           /* any other 4xx */                                          \
	X(SERVER_ERROR, server_error) /* 5xx */                                                    \
	X(NETWORK, network)           /* no name, no connection, no trust, or it broke */          \
	X(TIMED_OUT, timed_out)                                                                    \
	X(TOO_LARGE, too_large)                                                                    \
	X(PROTOCOL, protocol) /* an answer that makes no sense: its status, type or content */

enum api_outcome {
#define X(upper, lower) API_OUTCOME_##upper,
	API_OUTCOMES(X)
#undef X
};

/* Such as "rate_limited". */
const char *api_outcome_name(enum api_outcome outcome);

/* However long a control plane asks to be left alone, it is asked again after this. */
#define API_RETRY_AFTER_MAX_MS (INT64_C(3600) * 1000)

struct api_result {
	enum api_outcome outcome;
	int status;             /* of HTTP; 0: no answer came */
	const char *error;      /* in words, without secrets; "" for OK and NOT_MODIFIED */
	int64_t retry_after_ms; /* the control plane asks for it with an error; -1: it does not */
	bool has_server_date;
	int64_t server_date_ns;     /* its clock, as model/timestamp.h counts, ... */
	int64_t server_date_age_ms; /* ... this long ago */
};

#define API_ERROR_SIZE 512

/*
 * Reads the outcome off the status, whatever became of the body behind an error status. Success is
 * any status from 200 to 299; that 304 was asked for is the caller's to know. The result's text is
 * `error`, or borrowed from `http`.
 */
struct api_result api_result_of(const struct http_result *http, char error[API_ERROR_SIZE]);
/* The result so far, of a response whose header alone has come. */
struct api_result api_result_of_header(
	const struct http_response *response, char error[API_ERROR_SIZE]);
/* It is no success after all. `error` may be a text of the caller's. */
void api_result_fail(struct api_result *result, enum api_outcome outcome, const char *error);
