/*
 * Errors of the program: one line each on standard error, `plexwg: ...`.
 */
#pragma once

void report_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
