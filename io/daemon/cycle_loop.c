/* SPDX-License-Identifier: Apache-2.0 */
#include "cycle_loop.h"

#include "diag.h"
#include "timestamp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOW_FETCH_MS     (30 * 1000)
#define NAMES_TIMEOUT_MS  5000
#define NAME_AGE_MIN_MS   (60 * 1000)
#define NAME_RETRY_MS     (10 * 1000)
#define LINK_DELAY_MS     100
#define URGENT_FETCH_MS   200  /* how long a repair waits for the fetch of its cycle */
#define LINK_CYCLE_GAP_MS 1000 /* two managers of one link must not fight at full speed */

static void cycle_start(void *impl);
static void cycle_repair(void *impl);

static const struct logger *cycle_logger(const struct cycle_loop *cycles)
{
	return &cycles->config.reconciler->manager->logger;
}

static void cycle_due(void *impl)
{
	struct cycle_loop *cycles = impl;
	loop_job_add(cycles->config.loop, &cycles->start_job, cycle_start, cycles);
}

void cycle_loop_want(struct cycle_loop *cycles, int64_t delay_ms)
{
	struct loop_timer *timer = &cycles->cycle_timer;
	int64_t due_ms = loop_now_ms() + delay_ms;
	if (cycles->is_running) {
		if (cycles->wanted_ms > due_ms)
			cycles->wanted_ms = due_ms;
		return;
	}
	if (!cycles->start_job.is_waiting && (!timer->is_set || timer->due_ns > due_ms * NS_PER_MS))
		loop_timer_set(cycles->config.loop, timer, delay_ms, cycle_due, cycles);
}

void cycle_loop_set_interval(struct cycle_loop *cycles, int64_t interval_ms)
{
	cycles->config.interval_ms = interval_ms;
}

static void repair_due(void *impl)
{
	struct cycle_loop *cycles = impl;
	loop_job_add(cycles->config.loop, &cycles->repair_job, cycle_repair, cycles);
}

static void repair_cancel(struct cycle_loop *cycles)
{
	loop_timer_cancel(cycles->config.loop, &cycles->repair_timer);
	loop_job_cancel(cycles->config.loop, &cycles->repair_job);
}

/* As cycle_loop_want, for drift that can be repaired without a fetch. */
static void repair_want(struct cycle_loop *cycles, int64_t delay_ms)
{
	cycles->is_urgent = true;
	if (!cycles->is_running)
		cycle_loop_want(cycles, delay_ms);
	else if (!cycles->repair_timer.is_set)
		loop_timer_set(
			cycles->config.loop, &cycles->repair_timer, delay_ms, repair_due, cycles);
}

static void names_retry(void *impl)
{
	struct cycle_loop *cycles = impl;
	resolver_ask_bad(&cycles->resolver);
}

/*
 * A peer whose host name has no address has no endpoint. The name often resolves before the next
 * cycle, for instance once the network is up after boot, so it is looked up repeatedly until it
 * does; only then does a cycle begin.
 */
static void names_retry_plan(struct cycle_loop *cycles)
{
	if (cycles->resolver.bad_count && !cycles->retry_timer.is_set)
		loop_timer_set(cycles->config.loop, &cycles->retry_timer, NAME_RETRY_MS,
			names_retry, cycles);
}

/* A cycle that the end of the process cancelled is neither a success nor a problem. */
static void outcome_note(struct cycle_loop *cycles, int error, const struct diag *diag)
{
	if (!error)
		problem_resolve(&cycles->cycle_problem, cycle_logger(cycles));
	else if (error != -ECANCELED)
		problem_raise(&cycles->cycle_problem, cycle_logger(cycles), diag_text(diag));
}

/* The next cycle includes a repair that is still pending. */
static int64_t next_cycle_ms(const struct cycle_loop *cycles)
{
	if (cycles->repair_job.is_waiting)
		return 0;
	int64_t due_ms = cycles->wanted_ms;
	if (cycles->repair_timer.is_set && cycles->repair_timer.due_ns / NS_PER_MS < due_ms)
		due_ms = cycles->repair_timer.due_ns / NS_PER_MS;
	int64_t delay_ms = due_ms - loop_now_ms();
	if (delay_ms > cycles->config.interval_ms)
		return cycles->config.interval_ms;
	return delay_ms > 0 ? delay_ms : 0;
}

static void cycle_end(struct cycle_loop *cycles, int error, const struct diag *diag)
{
	outcome_note(cycles, error, diag);
	cycles->is_running = false;
	cycles->is_answered = false;
	state_document_clear(&cycles->document);
	free(cycles->error);
	cycles->error = NULL;
	loop_timer_cancel(cycles->config.loop, &cycles->names_timer);
	loop_timer_cancel(cycles->config.loop, &cycles->slow_fetch_timer);
	names_retry_plan(cycles);
	if (cycles->config.ended)
		cycles->config.ended(cycles->config.impl, error);
	int64_t delay_ms = next_cycle_ms(cycles);
	repair_cancel(cycles);
	cycle_loop_want(cycles, delay_ms);
}

/* Repair the device while the fetch goes on. */
static void cycle_repair(void *impl)
{
	struct cycle_loop *cycles = impl;
	struct diag diag = {0};
	if (cycles->finish_job.is_waiting || !cycles->config.reconciler->has_document)
		return;
	cycles->is_urgent = false;
	cycles->started_ms = loop_now_ms();
	int error = reconciler_repair(cycles->config.reconciler, &diag);
	/* A successful repair does not resolve the problem: the fetch may still fail. */
	if (error)
		outcome_note(cycles, error, &diag);
	else if (problem_is_raised(&cycles->cycle_problem))
		error = -EIO;
	if (cycles->config.ended)
		cycles->config.ended(cycles->config.impl, error);
	diag_clear(&diag);
}

static void slow_fetch_handle(void *impl)
{
	struct cycle_loop *cycles = impl;
	bool has_document = cycles->config.reconciler->has_document;
	log_line(cycle_logger(cycles), has_document ? LOG_FETCH_SLOW : LOG_NO_STATE_YET, NULL);
	repair_due(cycles);
	if (!has_document && cycles->config.ended)
		cycles->config.ended(cycles->config.impl, -EINPROGRESS);
	loop_timer_set(cycles->config.loop, &cycles->slow_fetch_timer, cycles->slow_fetch_ms,
		slow_fetch_handle, cycles);
}

static void cycle_start(void *impl)
{
	struct cycle_loop *cycles = impl;
	struct diag diag = {0};
	cycles->is_running = true;
	cycles->wanted_ms = INT64_MAX;
	cycles->started_ms = loop_now_ms();
	if (cycles->config.about_to_fetch)
		cycles->config.about_to_fetch(cycles->config.impl);
	int error = reconciler_begin(cycles->config.reconciler, &diag);
	if (error) {
		cycle_end(cycles, error, &diag);
	} else {
		loop_timer_set(cycles->config.loop, &cycles->slow_fetch_timer,
			cycles->slow_fetch_ms, slow_fetch_handle, cycles);
		if (cycles->is_urgent)
			repair_want(cycles, URGENT_FETCH_MS);
		cycles->config.source.fetch(cycles->config.source.impl);
	}
	diag_clear(&diag);
}

/* Return the names of the document that will be in force. */
static struct endpoint_names names_in_force(const struct cycle_loop *cycles)
{
	bool is_new = cycles->outcome == FETCH_DOCUMENT;
	return (struct endpoint_names){
		.document = is_new ? &cycles->document : &cycles->config.reconciler->document,
		.pending = &cycles->config.reconciler->manager->pending,
	};
}

/* Log which names have no address, if that changed. */
static void names_report(struct cycle_loop *cycles)
{
	struct endpoint_names names = names_in_force(cycles);
	const struct peer_entry *entry;
	char text[PEER_ID_MAX + ENDPOINT_HOST_MAX + 200] = "";
	size_t count = 0, length = 0;
	bool is_any = cycles->resolver.bad_count || cycles->resolver.pending_count;
	while (is_any && (entry = endpoint_names_next(&names))) {
		const char *fault = endpoint_name_fault(entry, &cycles->resolver);
		if (fault && count++ == 0)
			length =
				(size_t)snprintf(text, sizeof text, "peer %s: endpoint: \"%s\": %s",
					quote(entry->id, strlen(entry->id)).text,
					entry->config.endpoint.host, fault);
	}
	if (count > 1)
		snprintf(text + length, sizeof text - length, ", and %zu more", count - 1);
	if (count)
		problem_raise(&cycles->names_problem, cycle_logger(cycles), text);
	else
		problem_resolve(&cycles->names_problem, cycle_logger(cycles));
}

static void cycle_finish(void *impl)
{
	struct cycle_loop *cycles = impl;
	struct diag diag = {0};
	cycles->is_answered = false;
	cycles->is_urgent = false;
	repair_cancel(cycles);
	struct fetch_answer answer = {
		.outcome = cycles->outcome,
		.document = &cycles->document,
		.error = cycles->error ? cycles->error : "out of memory",
	};
	names_report(cycles);
	resolver_sweep(&cycles->resolver);
	int error = reconciler_finish(cycles->config.reconciler, &answer, &diag);
	cycle_end(cycles, error, &diag);
	diag_clear(&diag);
}

static void finish_due(void *impl)
{
	struct cycle_loop *cycles = impl;
	loop_job_add(cycles->config.loop, &cycles->finish_job, cycle_finish, cycles);
}

/* Finish once all names have an answer or the deadline has passed. */
static void cycle_await_names(struct cycle_loop *cycles)
{
	if (cycles->resolver.pending_count == 0)
		finish_due(cycles);
	else if (!cycles->names_timer.is_set)
		loop_timer_set(cycles->config.loop, &cycles->names_timer, NAMES_TIMEOUT_MS,
			finish_due, cycles);
}

static void source_answered(void *impl, const struct fetch_answer *answer)
{
	struct cycle_loop *cycles = impl;
	cycles->outcome = answer->outcome;
	if (answer->outcome == FETCH_DOCUMENT) {
		cycles->document = *answer->document;
		*answer->document = (struct state_document){0};
	} else if (answer->outcome == FETCH_FAILED) {
		cycles->error = strdup(answer->error);
	}
	cycles->is_answered = true;
	loop_timer_cancel(cycles->config.loop, &cycles->slow_fetch_timer);
	int error = endpoint_names_want(names_in_force(cycles), &cycles->resolver);
	if (!error) {
		cycle_await_names(cycles);
		return;
	}
	struct diag diag = {0};
	/* The document will never be in force: make the next fetch return it in full again. */
	if (cycles->outcome == FETCH_DOCUMENT)
		cycles->config.source.reload(cycles->config.source.impl);
	diag_fail_errno(&diag, error);
	cycle_end(cycles, error, &diag);
	diag_clear(&diag);
}

static void source_wants_cycle(void *impl, int64_t delay_ms)
{
	cycle_loop_want(impl, delay_ms);
}

struct source_listener cycle_loop_listener(struct cycle_loop *cycles)
{
	return (struct source_listener){
		.answered = source_answered, .wants_cycle = source_wants_cycle, .impl = cycles};
}

static void resolver_ready(void *impl, uint32_t events)
{
	struct cycle_loop *cycles = impl;
	bool changed = resolver_take(&cycles->resolver, loop_now_ms());
	if (cycles->is_answered)
		cycle_await_names(cycles);
	else if (changed)
		repair_want(cycles, 0);
	else
		names_retry_plan(cycles);
}

static void link_ready(void *impl, uint32_t events)
{
	struct cycle_loop *cycles = impl;
	struct diag diag = {0};
	bool changed = false;
	if (link_watch_take(&cycles->link, &changed, &diag) != 0) {
		/* Without the watch, a cycle still reads the device every interval. */
		log_line(
			cycle_logger(cycles), LOG_LINK_WATCH_LOST, "error", diag_text(&diag), NULL);
		loop_watch_remove(cycles->config.loop, &cycles->link_loop_watch);
		link_watch_close(&cycles->link);
	}
	diag_clear(&diag);
	if (!changed)
		return;
	int64_t gap_ms = cycles->started_ms + LINK_CYCLE_GAP_MS - loop_now_ms();
	repair_want(cycles, gap_ms > LINK_DELAY_MS ? gap_ms : LINK_DELAY_MS);
}

/* A silent peer may have moved to another address of its name: look the name up again. */
static void silent_names_ask(void *impl, const struct cycle_report *report)
{
	struct cycle_loop *cycles = impl;
	const struct reconciler *reconciler = cycles->config.reconciler;
	struct endpoint_names names = {
		.document = &reconciler->document, .pending = &reconciler->manager->pending};
	const struct peer_entry *entry;
	if (!report->plan)
		return;
	while ((entry = endpoint_names_next(&names))) {
		const struct peer_config *actual =
			peer_table_find(report->actual, &entry->config.public_key);
		if (!actual || !endpoint_history_is_silent(
				       &reconciler->manager->endpoints, actual, report->now))
			continue;
		struct name_record *name =
			resolver_find(&cycles->resolver, entry->config.endpoint.host);
		if (name && loop_now_ms() - name->answered_ms > NAME_AGE_MIN_MS)
			resolver_ask(&cycles->resolver, name);
	}
}

struct name_lookup cycle_loop_lookup(struct cycle_loop *cycles)
{
	return resolver_lookup(&cycles->resolver);
}

struct observer cycle_loop_observer(struct cycle_loop *cycles)
{
	return (struct observer){.cycle_ended = silent_names_ask, .impl = cycles};
}

int cycle_loop_init(
	struct cycle_loop *cycles, const struct cycle_loop_config *config, struct diag *diag)
{
	struct loop *loop = config->loop;
	*cycles = (struct cycle_loop){
		.config = *config,
		.slow_fetch_ms = SLOW_FETCH_MS,
		.is_urgent = true, /* repair at once what changed while no daemon ran */
		.link = {.fd = -1},
		.cycle_problem = {.name = "cycle", .loop = loop},
		.names_problem = {.name = "host names", .loop = loop},
	};
	int error = resolver_init(&cycles->resolver, diag);
	if (error)
		return error;
	error = link_watch_open(&cycles->link, config->reconciler->manager->config.interface_name,
		config->router, diag);
	if (error)
		return error;
	error = loop_watch_add(loop, &cycles->resolver_watch, cycles->resolver.fd, EPOLLIN,
		resolver_ready, cycles);
	if (!error)
		error = loop_watch_add(loop, &cycles->link_loop_watch, cycles->link.fd, EPOLLIN,
			link_ready, cycles);
	return error ? diag_fail_errno(diag, error) : 0;
}

void cycle_loop_deinit(struct cycle_loop *cycles)
{
	loop_timer_cancel(cycles->config.loop, &cycles->cycle_timer);
	loop_timer_cancel(cycles->config.loop, &cycles->names_timer);
	loop_timer_cancel(cycles->config.loop, &cycles->retry_timer);
	loop_timer_cancel(cycles->config.loop, &cycles->slow_fetch_timer);
	repair_cancel(cycles);
	loop_job_cancel(cycles->config.loop, &cycles->start_job);
	loop_job_cancel(cycles->config.loop, &cycles->finish_job);
	loop_watch_remove(cycles->config.loop, &cycles->resolver_watch);
	loop_watch_remove(cycles->config.loop, &cycles->link_loop_watch);
	link_watch_close(&cycles->link);
	resolver_deinit(&cycles->resolver);
	problem_clear(&cycles->cycle_problem);
	problem_clear(&cycles->names_problem);
	state_document_clear(&cycles->document);
	free(cycles->error);
}
