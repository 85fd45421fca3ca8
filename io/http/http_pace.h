/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether an exchange is still worth waiting for. It may take as long as it needs, as long as bytes
 * move, and enough of those that bring it nearer to its end. Pure: no clock, no socket.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The least rate is one on average over so many idle timeouts. */
#define HTTP_PACE_WINDOW 4

struct http_pace_limits {
	int idle_ms;    /* without a byte in either direction; 0: there is no limit at all */
	int least_rate; /* useful bytes a second; 0: none */
};

/* Two counts that an exchange has reached. */
struct http_pace_counts {
	uint64_t moved;  /* bytes on its connection in either direction */
	uint64_t useful; /* bytes that bring it nearer to its end: there is a limit to them */
};

enum http_pace_verdict {
	HTTP_PACE_GOOD,
	HTTP_PACE_IDLE,
	HTTP_PACE_SLOW,
};

struct http_pace {
	uint64_t moved;
	int64_t moved_ms; /* when that changed last */
	uint64_t useful;  /* when the window began */
	int64_t window_ms;
};

void http_pace_begin(struct http_pace *pace, int64_t now_ms, const struct http_pace_counts *counts);
/* To be asked several times in an idle timeout. */
enum http_pace_verdict http_pace_check(struct http_pace *pace,
	const struct http_pace_limits *limits, int64_t now_ms,
	const struct http_pace_counts *counts);
