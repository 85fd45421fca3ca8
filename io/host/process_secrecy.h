/*
 * No core of this process is dumped, and nobody but root looks into it: it holds keys.
 */
#pragma once

/* Early in main: before anything secret is read. */
void process_secrecy_start(void);
