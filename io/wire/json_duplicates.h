/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Repeated members: an object that has one name twice, escapes in it resolved. Readers differ in
 * which of the two they believe, so text that holds one is believed in nothing.
 *
 * Both return 0, -ENOMEM, or -EINVAL with `repeated member "psk"`. The span must come from a
 * document that json_scan_document passed. The time taken is that of sorting the names.
 */
#pragma once

#include "json_span.h"

/* The object itself, not what is within its members. */
int json_duplicates_check_members(struct json_span object, struct diag *diag);
/* Every object within the span, at any depth. */
int json_duplicates_check_tree(struct json_span span, struct diag *diag);
