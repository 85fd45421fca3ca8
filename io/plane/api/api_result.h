/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The result of a request to the control plane. The caller decides what to do about it, when to
 * retry and what to log.
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
	X(NETWORK, network)           /* HTTP_END_NETWORK */                                       \
	X(TIMED_OUT, timed_out)                                                                    \
	X(TOO_LARGE, too_large)                                                                    \
	X(PROTOCOL, protocol) /* an unexpected status, type or content */

enum api_outcome {
#define X(upper, lower) API_OUTCOME_##upper,
	API_OUTCOMES(X)
#undef X
};

/* Return the lower-case name, such as "rate_limited". */
const char *api_outcome_name(enum api_outcome outcome);

/* The limit of Retry-After. */
#define API_RETRY_AFTER_MAX_MS (INT64_C(3600) * 1000)

struct api_result {
	enum api_outcome outcome;
	int status;             /* of HTTP; 0: no response */
	const char *error;      /* without secrets; "" for OK and NOT_MODIFIED */
	int64_t retry_after_ms; /* Retry-After of an error; -1: none */
	bool has_server_date;
	int64_t server_date_ns;     /* the control plane's clock, as in model/timestamp.h, ... */
	int64_t server_date_age_ms; /* ... this long ago */
};

#define API_ERROR_SIZE 512

/*
 * Derive the outcome from the status; after an error status the end of the body does not matter.
 * Any status from 200 to 299 is a success. The caller knows whether 304 is valid. The result's text
 * is `error`, or borrowed from `http`.
 */
struct api_result api_result_of(const struct http_result *http, char error[API_ERROR_SIZE]);
/* Return the result of a response of which only the header has arrived. */
struct api_result api_result_of_header(
	const struct http_response *response, char error[API_ERROR_SIZE]);
/* Turn the result into a failure. `error` is borrowed. */
void api_result_fail(struct api_result *result, enum api_outcome outcome, const char *error);
