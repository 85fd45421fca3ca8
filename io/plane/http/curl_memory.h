/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An allocator for libcurl that wipes memory before freeing it. libcurl's own buffers, which
 * callers cannot reach, hold bearer tokens of requests and preshared keys of bodies.
 */
#pragma once

/*
 * Initialise libcurl with this allocator; each start needs one stop. Returns 0 or -EIO. It has no
 * effect if the process has initialised libcurl before.
 */
int curl_memory_start(void);
void curl_memory_stop(void);
