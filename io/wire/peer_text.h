/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A peer written in wire form, as peer_wire.h reads it.
 */
#pragma once

#include "canonical_json.h"
#include "peer_config.h"

/* One object: id if there is one, key, endpoint, allowed IPs, preshared key, keepalive. The text
 * holds a secret if the peer does. */
void peer_text_put(struct canonical_writer *writer, const struct peer_config *peer);
