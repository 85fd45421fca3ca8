/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Print errors on standard error, one line each: `plexwg: ...`. Earlier output on standard output
 * is flushed first.
 */
#pragma once

/* Buffer standard error, so that a line is one write, and many lines are few writes. */
void report_error_start(void);

void report_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for one of many lines: it is flushed by the next report_error or at exit. */
void report_error_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
