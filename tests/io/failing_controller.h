/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A controller in front of another one: it counts the calls, and fails those that the test selects.
 */
#pragma once

#include "controller.h"

enum outcome {
	OUTCOME_GOES_WELL,
	OUTCOME_REFUSED, /* without effect */
	OUTCOME_LOST,    /* with effect, and yet reported as failed */
};

struct failing {
	struct controller inner;
	unsigned call_count;
	unsigned write_count;
	unsigned fail_from, fail_to; /* the calls from here to before there fail */
	enum outcome outcome;
	int error;
	bool has_failed;
	char op[24];   /* the first that failed, as text */
	char peer[60]; /* its peer's id, or key where it has none; "" without one */
};

/* Borrows `failing`, whose `inner` is set. */
struct controller failing_controller(struct failing *failing);
