/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A controller before another one: it counts the calls, and fails those that it is told to fail.
 */
#pragma once

#include "controller.h"

enum outcome {
	OUTCOME_GOES_WELL,
	OUTCOME_REFUSED, /* nothing is done */
	OUTCOME_LOST,    /* it is done, and yet reported as failed */
};

struct failing {
	struct controller inner;
	unsigned call_count;
	unsigned write_count;
	unsigned fail_from, fail_to; /* the calls from here to before there fail */
	enum outcome outcome;
	int error;
	bool has_failed;
	char op[24];   /* the first that failed, in words */
	char peer[60]; /* its peer's id, or key where it has none; "" without one */
};

/* Borrows `failing`, whose `inner` is set. */
struct controller failing_controller(struct failing *failing);
