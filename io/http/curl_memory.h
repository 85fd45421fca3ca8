/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for libcurl that is wiped before it is given back. libcurl builds requests, with bearer
 * tokens in them, and takes bodies in, with preshared keys in them, in buffers of its own that
 * nobody else can reach.
 */
#pragma once

/*
 * Starts libcurl with that memory; each start needs one stop. Returns 0 or -EIO. Whoever else in
 * the process starts libcurl before makes this without effect.
 */
int curl_memory_start(void);
void curl_memory_stop(void);
