/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notice when another program changes our link (deletes it, takes it down, makes it anew, changes
 * its MTU or addresses) and, optionally, when it deletes routes of ours. The watch reports only
 * that something changed; the caller reads the link. Our own changes to the link are reported too
 * and cost one read; routes that our router removed are not.
 *
 * A host may change a million routes an hour, so a socket filter drops all messages about routes
 * but deletions of those with our protocol.
 */
#pragma once

#include <stdbool.h>

struct diag;
struct link_router;

#define LINK_WATCH_NAME_MAX 15

struct link_watch {
	int fd;                           /* readable when there are messages to take; -1: closed */
	int index;                        /* of the link of that name, as last reported; 0: none */
	const struct link_router *router; /* NULL: routes are not watched */
	char name[LINK_WATCH_NAME_MAX + 1];
};

/*
 * Watch the link of that name in the calling thread's network namespace, and the routes of
 * `router`, which is borrowed, unless it is NULL. Returns 0 or a negative errno.
 */
int link_watch_open(struct link_watch *watch, const char *name, const struct link_router *router,
	struct diag *diag);
/*
 * Take the pending messages, without waiting. Set `*ret_changed` to whether the link or routes
 * changed, or may have because messages were lost (ENOBUFS). Returns 0, or a negative errno after
 * which the watch does not work any more.
 */
int link_watch_take(struct link_watch *watch, bool *ret_changed, struct diag *diag);
void link_watch_close(struct link_watch *watch);
