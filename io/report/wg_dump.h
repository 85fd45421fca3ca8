/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the output of `wg show NAME dump`: one line for the interface, one for each peer, fields
 * between tabs; and that of `wg show all dump`, whose lines begin with the name of their interface.
 * It shows no address, no MTU and no link state. Lines may end in CR LF, the last one without
 * either; blank ones are passed over.
 *
 * What a peer or the device chose (endpoint, handshake, counters) costs no more than that value.
 */
#pragma once

#include "device.h"
#include "diag.h"

/* A million peers take about 250 MB. */
#define WG_DUMP_BYTES_MAX ((size_t)512 << 20)

/* What the device does not show, since the dump hides it or says something that makes no sense. */
struct wg_dump_notes {
	bool public_key_is_hidden;
	size_t hidden_psk_count;
	size_t unusable_count; /* of values that count as none */
	struct diag first_unusable;
};

/*
 * `interface` chooses among several, and means nothing where the dump is that of one. Returns 0,
 * -ENOMEM, or -EINVAL with the line and the field (`line 3: allowed-ips: ...`).
 */
int wg_dump_parse(const char *text, size_t length, const char *interface, struct device *ret,
	struct wg_dump_notes *ret_notes, struct diag *diag);
void wg_dump_notes_clear(struct wg_dump_notes *notes);
