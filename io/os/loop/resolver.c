/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver.h"

#include "deadline.h"
#include "diag.h"
#include "resolved_address.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <search.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A name server that does not answer blocks one thread for its timeout, for each name. */
#define THREADS_MAX 16

struct lookup {
	struct lookup *next;
	const char *error; /* NULL: found */
	struct ip *ips;
	size_t ip_count;
	char host[];
};

/* Shared by the threads and the resolver; the last user frees it. */
struct resolver_shared {
	pthread_mutex_t lock;
	int fd;
	unsigned users;
	unsigned threads;
	struct lookup *asked, **asked_end;
	struct lookup *answered;
};

static void lookups_free(struct lookup *lookup)
{
	while (lookup) {
		struct lookup *next = lookup->next;
		free(lookup->ips);
		free(lookup);
		lookup = next;
	}
}

/* Called with the lock held; releases it. */
static void shared_leave(struct resolver_shared *shared)
{
	bool is_last = --shared->users == 0;
	pthread_mutex_unlock(&shared->lock);
	if (!is_last)
		return;
	lookups_free(shared->asked);
	lookups_free(shared->answered);
	pthread_mutex_destroy(&shared->lock);
	close(shared->fd);
	free(shared);
}

static void lookup_run(struct lookup *lookup)
{
	static const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *list = NULL;
	int status = getaddrinfo(lookup->host, NULL, &hints, &list);
	if (status) {
		lookup->error = gai_strerror(status);
		return;
	}
	lookup->error = resolved_addresses(list, &lookup->ips, &lookup->ip_count);
	freeaddrinfo(list);
}

/* Run lookups until none is queued, then end. */
static void *lookup_thread(void *argument)
{
	struct resolver_shared *shared = argument;
	pthread_mutex_lock(&shared->lock);
	/* Stop early once the resolver is gone: only threads are left as users. */
	while (shared->asked && shared->users > shared->threads) {
		struct lookup *lookup = shared->asked;
		shared->asked = lookup->next;
		if (!shared->asked)
			shared->asked_end = &shared->asked;
		pthread_mutex_unlock(&shared->lock);
		lookup_run(lookup);
		pthread_mutex_lock(&shared->lock);
		lookup->next = shared->answered;
		shared->answered = lookup;
		eventfd_write(shared->fd, 1);
	}
	shared->threads--;
	shared_leave(shared);
	return NULL;
}

int resolver_init(struct resolver *resolver, struct diag *diag)
{
	*resolver = (struct resolver){.fd = -1};
	struct resolver_shared *shared = calloc(1, sizeof *shared);
	if (!shared)
		return diag_fail_errno(diag, -ENOMEM);
	shared->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (shared->fd < 0) {
		free(shared);
		return diag_wrap(diag, diag_fail_errno(diag, -errno), "resolver");
	}
	pthread_mutex_init(&shared->lock, NULL);
	shared->users = 1;
	shared->asked_end = &shared->asked;
	resolver->shared = shared;
	resolver->fd = shared->fd;
	return 0;
}

void resolver_deinit(struct resolver *resolver)
{
	if (resolver->shared) {
		pthread_mutex_lock(&resolver->shared->lock);
		shared_leave(resolver->shared);
	}
	resolver_unwant(resolver);
	for (struct name_record *name = resolver->first; name; name = name->next)
		name->is_asked = false;
	resolver_sweep(resolver);
	*resolver = (struct resolver){.fd = -1};
}

static int compare_hosts(const void *a, const void *b)
{
	const struct name_record *x = a, *y = b;
	return strcmp(x->host, y->host);
}

struct name_record *resolver_find(const struct resolver *resolver, const char *host)
{
	const struct name_record probe = {.host = host};
	void *node = tfind(&probe, &resolver->tree, compare_hosts);
	return node ? *(struct name_record **)node : NULL;
}

/* Return NULL when out of memory. */
static struct name_record *name_make(struct resolver *resolver, const char *host)
{
	size_t size = strlen(host) + 1;
	struct name_record *name = calloc(1, sizeof *name + size);
	if (!name)
		return NULL;
	name->host = memcpy(name + 1, host, size);
	if (!tsearch(name, &resolver->tree, compare_hosts)) {
		free(name);
		return NULL;
	}
	name->next = resolver->first;
	resolver->first = name;
	resolver->count++;
	return name;
}

/* Start one more thread if there are not enough. Called with the lock held. The thread blocks all
 * signals: the main thread takes them. If it cannot be started, queued lookups wait until the next
 * resolver_ask. */
static void thread_start(struct resolver_shared *shared)
{
	if (shared->threads == THREADS_MAX)
		return;
	pthread_attr_t attributes;
	pthread_t thread;
	sigset_t all, before;
	sigfillset(&all);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	bool started = pthread_create(&thread, &attributes, lookup_thread, shared) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	shared->threads += started;
	shared->users += started;
}

/* Queue a lookup behind the others. Returns 0 or -ENOMEM. */
static int lookup_queue(struct resolver_shared *shared, const char *host)
{
	size_t size = strlen(host) + 1;
	struct lookup *lookup = calloc(1, sizeof *lookup + size);
	if (!lookup)
		return -ENOMEM;
	memcpy(lookup->host, host, size);
	pthread_mutex_lock(&shared->lock);
	*shared->asked_end = lookup;
	shared->asked_end = &lookup->next;
	pthread_mutex_unlock(&shared->lock);
	return 0;
}

int resolver_ask(struct resolver *resolver, struct name_record *name)
{
	struct resolver_shared *shared = resolver->shared;
	if (!name->is_asked) {
		int error = lookup_queue(shared, name->host);
		if (error)
			return error;
		name->is_asked = true;
	}
	pthread_mutex_lock(&shared->lock);
	if (shared->asked)
		thread_start(shared);
	pthread_mutex_unlock(&shared->lock);
	return 0;
}

void resolver_ask_bad(struct resolver *resolver)
{
	for (struct name_record *name = resolver->first; name; name = name->next)
		if (name->state == NAME_BAD)
			resolver_ask(resolver, name);
}

int resolver_want(struct resolver *resolver, const char *host)
{
	struct name_record *name = resolver_find(resolver, host);
	if (!name)
		name = name_make(resolver, host);
	if (!name)
		return -ENOMEM;
	resolver->pending_count += !name->is_wanted && name->state == NAME_PENDING;
	name->is_wanted = true;
	return name->state == NAME_PENDING ? resolver_ask(resolver, name) : 0;
}

void resolver_unwant(struct resolver *resolver)
{
	for (struct name_record *name = resolver->first; name; name = name->next)
		name->is_wanted = false;
	resolver->pending_count = 0;
}

void resolver_sweep(struct resolver *resolver)
{
	struct name_record **link = &resolver->first;
	while (*link) {
		struct name_record *name = *link;
		if (name->is_wanted || name->is_asked) {
			link = &name->next;
			continue;
		}
		*link = name->next;
		tdelete(name, &resolver->tree, compare_hosts);
		resolver->bad_count -= name->state == NAME_BAD;
		resolver->count--;
		free(name->ips);
		free(name);
	}
}

static bool has_address(const struct name_record *name, const struct ip *ip)
{
	for (size_t i = 0; i < name->ip_count; i++)
		if (ip_equal(&name->ips[i], ip))
			return true;
	return false;
}

/* Equal counts suffice, since neither side contains an address twice. */
static bool is_same_set(const struct name_record *name, const struct lookup *lookup)
{
	bool is_same = name->ip_count == lookup->ip_count;
	for (size_t i = 0; i < lookup->ip_count && is_same; i++)
		is_same = has_address(name, &lookup->ips[i]);
	return is_same;
}

static bool lookup_answer_take(struct resolver *resolver, struct lookup *lookup, int64_t now_ms)
{
	struct name_record *name = resolver_find(resolver, lookup->host);
	enum name_state state = lookup->error ? NAME_BAD : NAME_GOOD;
	bool differs = name->state != state || (state == NAME_GOOD && !is_same_set(name, lookup));
	name->is_asked = false;
	name->answered_ms = now_ms;
	resolver->pending_count -= name->is_wanted && name->state == NAME_PENDING;
	/* A failed lookup does not replace a good answer. */
	if (state == NAME_BAD && name->state == NAME_GOOD)
		return false;
	resolver->bad_count += (state == NAME_BAD) - (name->state == NAME_BAD);
	name->state = state;
	name->error = lookup->error;
	free(name->ips);
	name->ips = lookup->ips;
	name->ip_count = lookup->ip_count;
	lookup->ips = NULL;
	return differs;
}

bool resolver_take(struct resolver *resolver, int64_t now_ms)
{
	eventfd_t count;
	bool changed = false;
	eventfd_read(resolver->fd, &count);
	pthread_mutex_lock(&resolver->shared->lock);
	struct lookup *answered = resolver->shared->answered;
	resolver->shared->answered = NULL;
	pthread_mutex_unlock(&resolver->shared->lock);
	for (struct lookup *lookup = answered; lookup; lookup = lookup->next)
		changed |= lookup_answer_take(resolver, lookup, now_ms);
	lookups_free(answered);
	return changed;
}

void resolver_await(struct resolver *resolver, int timeout_ms)
{
	struct deadline deadline = deadline_in(timeout_ms);
	struct pollfd poller = {.fd = resolver->fd, .events = POLLIN};
	int left_ms = timeout_ms;
	while (resolver->pending_count && left_ms > 0) {
		if (poll(&poller, 1, left_ms) > 0)
			resolver_take(resolver, 0);
		left_ms = deadline_left_ms(deadline);
	}
}

static size_t addresses(void *impl, const char *host, const struct ip **ret)
{
	struct resolver *resolver = impl;
	size_t names_max = resolver->names_max ? resolver->names_max : RESOLVER_NAMES_MAX;
	const struct name_record *name = resolver_find(resolver, host);
	if (!name && resolver->count < names_max)
		resolver_want(resolver, host);
	*ret = name ? name->ips : NULL;
	return name ? name->ip_count : 0;
}

struct name_lookup resolver_lookup(struct resolver *resolver)
{
	return (struct name_lookup){.addresses = addresses, .impl = resolver};
}
