/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parse the output of `wg show NAME dump`: one line for the interface and one for each peer, with
 * tab-separated fields. In the output of `wg show all dump` each line begins with the name of its
 * interface. A dump has no addresses, no MTU and no link state. Lines may end in CR LF, the last
 * one without a line end; blank lines are skipped.
 *
 * An invalid endpoint, handshake time or counter, which peers or the device choose, counts as
 * absent. Any other invalid field is an error.
 */
#pragma once

#include "device.h"
#include "diag.h"

/* A million peers take about 250 MB. */
#define WG_DUMP_BYTES_MAX ((size_t)512 << 20)

/* What the device lacks because the dump hides it or has an invalid value. */
struct wg_dump_notes {
	bool public_key_is_hidden;
	size_t hidden_psk_count;
	size_t unusable_count; /* invalid values that count as absent */
	struct diag first_unusable;
};

/*
 * `interface` selects the interface from `wg show all dump`, and is ignored otherwise. Returns 0,
 * -ENOMEM, or -EINVAL with the line and the field (`line 3: allowed-ips: ...`).
 */
int wg_dump_parse(const char *text, size_t length, const char *interface, struct device *ret,
	struct wg_dump_notes *ret_notes, struct diag *diag);
void wg_dump_notes_clear(struct wg_dump_notes *notes);
