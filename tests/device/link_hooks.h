/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What another program does to links of this system, by way of ip(8), so that the code under test
 * does not verify itself.
 */
#pragma once

#include "contract.h"

/* Run `ip` with these arguments, formatted as by printf. Returns false on failure. */
bool ip_command(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool link_is_there(const char *name);

struct contract_hooks system_link_hooks(void);
