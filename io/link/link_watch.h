/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notices when another program changes our link: deletes it, takes it down, makes it anew, or
 * changes its MTU or its addresses; and, if asked to, when it deletes routes of ours. It only
 * reports that there is something to read. Our own changes to the link are noticed too, and cost a
 * read; routes that our router removed are not.
 *
 * A host may change a million routes an hour. A filter in the kernel passes on the deletions of
 * routes with our protocol only.
 */
#pragma once

#include <stdbool.h>

struct diag;
struct link_router;

#define LINK_WATCH_NAME_MAX 15

struct link_watch {
	int fd;    /* readable when there is something to take; -1: closed */
	int index; /* of the link of that name, as far as is known; 0: none */
	const struct link_router *router; /* NULL: routes are not watched */
	char name[LINK_WATCH_NAME_MAX + 1];
};

/*
 * In the network namespace that the thread is in now. Borrows `router`, whose routes are watched;
 * NULL: no routes are. Returns 0 or a negative errno.
 */
int link_watch_open(struct link_watch *watch, const char *name, const struct link_router *router,
	struct diag *diag);
/*
 * Takes what has come, without waiting. `*ret_changed`: something about link or routes changed, or
 * messages were lost (ENOBUFS), so that anything may have. Returns 0, or a negative errno after
 * which the watch is of no more use.
 */
int link_watch_take(struct link_watch *watch, bool *ret_changed, struct diag *diag);
void link_watch_close(struct link_watch *watch);
