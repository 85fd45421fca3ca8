/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read the payloads of events, for engine/events.h.
 */
#pragma once

#include "events.h"
#include "peer_wire.h"

/* Return the interface. The reader borrows `options`. */
struct payload_reader payload_wire_reader(const struct peer_wire_options *options);
