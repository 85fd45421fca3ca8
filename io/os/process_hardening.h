/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This process holds keys: no core of it is dumped, nobody but root looks into it, and what others'
 * code in it frees is overwritten.
 */
#pragma once

/* Early in main: before anything secret is read. */
void process_hardening_start(void);
