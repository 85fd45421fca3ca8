/*
 * Reads the output of `wg show NAME dump`: one line for the interface, one for each peer, fields
 * between tabs. It shows no address, no MTU and no link state.
 */
#pragma once

#include "device.h"

struct diag;

/* A million peers take about 250 MB. */
#define WG_DUMP_BYTES_MAX ((size_t)512 << 20)

/* Returns 0, -ENOMEM, or -EINVAL with the line and the field (`line 3: allowed-ips: ...`). */
int wg_dump_parse(const char *text, size_t length, struct device *ret, struct diag *diag);
