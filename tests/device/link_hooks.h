/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody else does to links of this system: ip(8), so that the code under test is not its
 * own witness.
 */
#pragma once

#include "contract.h"

/* Runs `ip` with these arguments, as printf writes them. False if it fails. */
bool ip_command(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool link_is_there(const char *name);

struct contract_hooks system_link_hooks(void);
