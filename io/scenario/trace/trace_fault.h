/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds of faults of unusable entries. The bad value itself may be anything, for example a
 * secret in the wrong member, so that neither trace nor scenario has it.
 */
#pragma once

#include <stdbool.h>

struct trace_fault {
	const char *member;  /* the error begins with this, after the place of the entry, */
	const char *fault;   /* and contains this */
	const char *example; /* JSON member with such a fault; "": leave the member out */
};

/* Return the kind of the fault, of an error (peer_wire.h) or of its text below. */
const struct trace_fault *trace_fault_find(const char *error);

/* The kind as text, such as `endpoint: no port`. */
struct trace_fault_text {
	char text[80];
};
struct trace_fault_text trace_fault_format(const struct trace_fault *fault);
