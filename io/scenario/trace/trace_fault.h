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
	const char *name;    /* such as `endpoint: no port` */
	const char *example; /* JSON member with such a fault; "": leave the member out */
};

/* Return the kind of the fault, of an error (peer_wire.h) or of its name. */
const struct trace_fault *trace_fault_find(const char *error);
