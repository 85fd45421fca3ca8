/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors of the program: one line each on standard error, `plexwg: ...`. What was printed on
 * standard output before comes out before them.
 */
#pragma once

/* Gives standard error a buffer, so that a line is one write and many lines are few. */
void report_error_start(void);

void report_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for one of many: it comes out with the next of the above, or with the end. */
void report_error_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
