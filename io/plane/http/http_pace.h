/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decide whether an exchange is idle or too slow. It may take any time while bytes move and enough
 * of them are useful. Pure: no clock, no socket.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The least rate is an average over this many idle timeouts. */
#define HTTP_PACE_WINDOW 4

struct http_pace_limits {
	int idle_ms;    /* without a byte in either direction; 0: no limits at all */
	int least_rate; /* useful bytes per second; 0: none */
};

/* Running totals of an exchange. */
struct http_pace_counts {
	uint64_t moved;  /* bytes on its connection in either direction */
	uint64_t useful; /* bytes whose total is limited, so that each brings the end nearer */
};

enum http_pace_verdict {
	HTTP_PACE_GOOD,
	HTTP_PACE_IDLE,
	HTTP_PACE_SLOW,
};

struct http_pace {
	uint64_t moved;
	int64_t moved_ms;  /* time of the last change of `moved` */
	uint64_t useful;   /* at the beginning of the window */
	int64_t window_ms; /* the beginning of the window */
};

void http_pace_begin(struct http_pace *pace, int64_t now_ms, const struct http_pace_counts *counts);
/* Call this several times within an idle timeout. */
enum http_pace_verdict http_pace_check(struct http_pace *pace,
	const struct http_pace_limits *limits, int64_t now_ms,
	const struct http_pace_counts *counts);
