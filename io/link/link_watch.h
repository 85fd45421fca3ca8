/*
 * Notices when somebody changes our link: deletes it, takes it down, makes it anew, or changes its
 * MTU or its addresses. It only says that there is something to look at; what is wrong, a read
 * tells. Our own changes are noticed too, and cost a look.
 */
#pragma once

#include <stdbool.h>

struct diag;

#define LINK_WATCH_NAME_MAX 15

struct link_watch {
	int fd;    /* readable when there is something to take; -1: closed */
	int index; /* of the link of that name, as far as is known; 0: none */
	char name[LINK_WATCH_NAME_MAX + 1];
};

/* In the network namespace that the thread is in now. Returns 0 or a negative errno. */
int link_watch_open(struct link_watch *watch, const char *name, struct diag *diag);
/*
 * Takes what has come, without waiting. `*ret_changed`: something about the link changed, or
 * messages were lost (ENOBUFS), so that anything may have. Returns 0, or a negative errno after
 * which the watch is of no more use.
 */
int link_watch_take(struct link_watch *watch, bool *ret_changed, struct diag *diag);
void link_watch_close(struct link_watch *watch);
