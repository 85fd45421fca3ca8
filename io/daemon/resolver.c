#include "resolver.h"

#include "diag.h"
#include "resolved_address.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define THREADS_MAX 4

struct lookup {
	struct lookup *next;
	const char *error; /* NULL: found */
	struct ip ip;
	char host[];
};

/* What the threads and the resolver share; the last to leave frees it. */
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
		free(lookup);
		lookup = next;
	}
}

/* The lock is held, and given back. */
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
	if (!resolved_address(list, &lookup->ip))
		lookup->error = RESOLVED_UNUSABLE;
	freeaddrinfo(list);
}

/* Works until nothing is asked any more, then ends. */
static void *lookup_thread(void *argument)
{
	struct resolver_shared *shared = argument;
	pthread_mutex_lock(&shared->lock);
	/* With the resolver gone nobody wants the rest. */
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
	for (size_t i = 0; i < resolver->count; i++)
		free(resolver->names[i].host);
	free(resolver->names);
	*resolver = (struct resolver){.fd = -1};
}

static size_t name_position(const struct resolver *resolver, const char *host, bool *ret_found)
{
	size_t low = 0, high = resolver->count;
	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(resolver->names[middle].host, host);
		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The record of that name, made if there is none; NULL when memory is out. */
static struct name_record *name_obtain(struct resolver *resolver, const char *host)
{
	bool found;
	size_t at = name_position(resolver, host, &found);
	if (found)
		return &resolver->names[at];
	if (resolver->count == resolver->capacity) {
		size_t capacity = resolver->capacity ? resolver->capacity * 2 : 16;
		struct name_record *names = reallocarray(resolver->names, capacity, sizeof *names);
		if (!names)
			return NULL;
		resolver->names = names;
		resolver->capacity = capacity;
	}
	char *copy = strdup(host);
	if (!copy)
		return NULL;
	memmove(&resolver->names[at + 1], &resolver->names[at],
		(resolver->count - at) * sizeof *resolver->names);
	resolver->names[at] = (struct name_record){.host = copy};
	resolver->count++;
	return &resolver->names[at];
}

/* One thread more, if there are not enough; the lock is held. Signals are the main thread's. If the
 * system gives none, what is asked for waits until somebody asks again. */
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

/* Behind all that is asked for already. Returns 0 or -ENOMEM. */
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

int resolver_ask(struct resolver *resolver, const char *host)
{
	struct resolver_shared *shared = resolver->shared;
	struct name_record *name = name_obtain(resolver, host);
	if (!name)
		return -ENOMEM;
	if (!name->is_asked) {
		int error = lookup_queue(shared, host);
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

static bool answer_take(struct resolver *resolver, const struct lookup *lookup, int64_t now_ms)
{
	bool found;
	size_t at = name_position(resolver, lookup->host, &found);
	if (!found)
		return false;
	struct name_record *name = &resolver->names[at];
	enum name_state state = lookup->error ? NAME_BAD : NAME_GOOD;
	bool differs =
		name->state != state || (state == NAME_GOOD && !ip_equal(&name->ip, &lookup->ip));
	name->is_asked = false;
	name->answered_ms = now_ms;
	/* A name that was good stays so while the resolver has nothing better. */
	if (state == NAME_BAD && name->state == NAME_GOOD)
		return false;
	name->state = state;
	name->ip = lookup->ip;
	name->error = lookup->error;
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
	for (const struct lookup *lookup = answered; lookup; lookup = lookup->next)
		changed |= answer_take(resolver, lookup, now_ms);
	lookups_free(answered);
	return changed;
}

const struct name_record *resolver_find(const struct resolver *resolver, const char *host)
{
	bool found;
	size_t at = name_position(resolver, host, &found);
	return found ? &resolver->names[at] : NULL;
}

void resolver_use(struct resolver *resolver, const char *host)
{
	bool found;
	size_t at = name_position(resolver, host, &found);
	if (found)
		resolver->names[at].is_used = true;
}

void resolver_sweep(struct resolver *resolver)
{
	size_t kept = 0;
	for (size_t i = 0; i < resolver->count; i++) {
		struct name_record *name = &resolver->names[i];
		if (!name->is_used && !name->is_asked) {
			free(name->host);
			continue;
		}
		name->is_used = false;
		resolver->names[kept++] = *name;
	}
	resolver->count = kept;
}
