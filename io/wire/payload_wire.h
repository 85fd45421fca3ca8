/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The payloads of events, for engine/events.h.
 */
#pragma once

#include "events.h"
#include "peer_wire.h"

/* `options` is borrowed for as long as the reader is used. */
struct payload_reader payload_wire_reader(const struct peer_wire_options *options);
