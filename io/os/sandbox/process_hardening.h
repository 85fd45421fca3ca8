/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protect the keys in this process: it dumps no core, only root can trace it, and memory that
 * libraries free is overwritten.
 */
#pragma once

/* Call it early in main, before any secret is read. */
void process_hardening_start(void);
