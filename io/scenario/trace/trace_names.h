/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in the lines of a trace, for both ends.
 */
#pragma once

#include "reconcile.h"
#include "verifier.h"

/* The id of every peer of a device, which has none. */
#define TRACE_DEVICE_ID "device"

const char *trace_outcome_name(enum fetch_outcome outcome);
const char *trace_verdict_name(enum verdict verdict);
