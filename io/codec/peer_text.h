/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Write a peer in the wire form that peer_wire.h reads.
 */
#pragma once

#include "canonical_json.h"
#include "peer_config.h"

/*
 * Write one object: id and endpoint if there are any, key, allowed IPs, preshared key, keepalive.
 * The text is secret if the peer has a preshared key.
 */
void peer_text_put(struct canonical_writer *writer, const struct peer_config *peer);
