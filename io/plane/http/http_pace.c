/* SPDX-License-Identifier: Apache-2.0 */
#include "http_pace.h"

void http_pace_begin(struct http_pace *pace, int64_t now_ms, const struct http_pace_counts *counts)
{
	*pace = (struct http_pace){
		.moved = counts->moved,
		.moved_ms = now_ms,
		.useful = counts->useful,
		.window_ms = now_ms,
	};
}

/* Note the bytes that moved. Return whether none has moved for too long. */
static bool idle_check(struct http_pace *pace, const struct http_pace_limits *limits,
	int64_t now_ms, uint64_t moved)
{
	if (pace->moved == moved)
		return limits->idle_ms && now_ms - pace->moved_ms >= limits->idle_ms;
	pace->moved = moved;
	pace->moved_ms = now_ms;
	return false;
}

/* Note the useful bytes, once per window. Return whether they were too few. */
static bool slow_check(struct http_pace *pace, const struct http_pace_limits *limits,
	int64_t now_ms, uint64_t useful)
{
	int64_t window_ms = now_ms - pace->window_ms;
	if (!limits->idle_ms || window_ms < HTTP_PACE_WINDOW * (int64_t)limits->idle_ms)
		return false;
	/* The counts restart when the exchange continues over another connection. */
	bool is_less = useful < pace->useful;
	uint64_t came = is_less ? 0 : useful - pace->useful;
	pace->useful = useful;
	pace->window_ms = now_ms;
	return !is_less && came * 1000 < (uint64_t)window_ms * (uint64_t)limits->least_rate;
}

enum http_pace_verdict http_pace_check(struct http_pace *pace,
	const struct http_pace_limits *limits, int64_t now_ms,
	const struct http_pace_counts *counts)
{
	bool idle = idle_check(pace, limits, now_ms, counts->moved);
	bool slow = slow_check(pace, limits, now_ms, counts->useful);
	if (idle)
		return HTTP_PACE_IDLE;
	return slow ? HTTP_PACE_SLOW : HTTP_PACE_GOOD;
}
