/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder_parts.h"

#include "diag.h"
#include "timestamp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void recorder_init(struct recorder *recorder, struct controller inner, struct clock clock,
	struct logger logger)
{
	*recorder = (struct recorder){
		.inner = inner, .clock = clock, .logger = logger, .file = {.fd = -1}};
}

void recorder_deinit(struct recorder *recorder)
{
	if (!recorder->inner.ops)
		return;
	recorder_unit_clear(&recorder->unit);
	recorded_nonces_clear(&recorder->nonces);
	shadow_device_deinit(&recorder->shadow);
	anonymizer_clear(&recorder->anonymizer);
	record_file_close(&recorder->file);
	recorder->is_on = false;
}

static bool is_recording(const struct recorder *recorder)
{
	return recorder && recorder->is_on;
}

/* Times in the recording are whole milliseconds. */
static int64_t time_cut(int64_t now_ns)
{
	return now_ns - now_ns % NS_PER_MS;
}

static int64_t time_now(const struct recorder *recorder)
{
	return time_cut(recorder->clock.now_ns(recorder->clock.impl));
}

/* Move the `fail` steps of a call that has ended to `list`. */
static void faults_move(struct recorder *recorder, struct scenario_writer *list)
{
	scenario_write_piece(list, &recorder->unit.faults);
	scenario_writer_reset(&recorder->unit.faults);
}

/* A replay cannot make the engine run out of memory. An operation that failed is recorded. */
static void check_engine(struct recorder *recorder, int error)
{
	if (error == -ENOMEM && !recorder->unit.faults.length)
		recorder_check(recorder, error);
}

/* Record an abandoned fetch: its Setup, then its events. */
static void fetch_give_up(struct recorder *recorder)
{
	struct recorder_unit *unit = &recorder->unit;
	struct scenario_writer call = {.anonymizer = &recorder->anonymizer};
	int64_t now_ns = time_now(recorder);
	scenario_write(&call, "{\"do\":\"setup\"}");
	for (size_t i = 0; i < unit->event_count; i++) {
		scenario_write(&call, ",\n%s", unit->events[i].faults);
		scenario_write_event(&call, &unit->events[i], &recorder->nonces, now_ns);
	}
	recorder_unit_write(recorder, now_ns, &call);
	scenario_writer_clear(&call);
	recorder->phase = RECORDER_IDLE;
}

/* The daemon may have reloaded the identity. */
static void identity_follow(struct recorder *recorder, const struct identity *identity)
{
	struct key_public old_key = recorder->anonymizer.own_key;
	if (!ip_equal(&recorder->mesh_ip, &identity->mesh_ip)) {
		recorder_end(recorder, "the mesh address changed");
	} else if (!key_public_equal(&old_key, &identity->public_key)) {
		anonymizer_change_own_key(&recorder->anonymizer, &identity->public_key);
		shadow_device_change_own_key(&recorder->shadow, &old_key);
	}
}

int recorder_begin(struct recorder *recorder, struct reconciler *reconciler, struct diag *diag)
{
	if (!is_recording(recorder))
		return reconciler_begin(reconciler, diag);
	if (recorder->phase == RECORDER_FETCHING)
		fetch_give_up(recorder);
	identity_follow(recorder, reconciler->manager->identity);
	recorder_unit_begin(recorder);
	recorder->phase = RECORDER_BEGINNING;
	int error = reconciler_begin(reconciler, diag);
	recorder_settle(recorder);
	check_engine(recorder, error);
	faults_move(recorder, &recorder->unit.before);
	recorder->phase = error ? RECORDER_IDLE : RECORDER_FETCHING;
	if (error) {
		struct scenario_writer call = {.anonymizer = &recorder->anonymizer};
		scenario_write(
			&call, "{\"do\":\"reconcile\",\"returns\":\"error: wireguard: setup: \"}");
		recorder_unit_write(recorder, time_now(recorder), &call);
		scenario_writer_clear(&call);
	}
	return error;
}

static bool is_wanted(const struct peer_table *desired, const struct prefix *prefix)
{
	for (size_t i = 0; i < desired->count; i++)
		if (peer_has_allowed_ip(&desired->peers[i], prefix))
			return true;
	return false;
}

/* The unusable entry of a withheld peer would claim the allowed IPs that a desired peer takes over.
 * Record the peer without them during the fetch, and as it is after the call. */
static int withheld_give_way(struct recorder *recorder, const struct peer_table *desired,
	const struct peer_config *withheld)
{
	struct recorder_unit *unit = &recorder->unit;
	struct prefix *left = calloc(withheld->allowed_ip_count + 1, sizeof *left);
	uint32_t count = 0;
	if (!left)
		return -ENOMEM;
	for (uint32_t i = 0; i < withheld->allowed_ip_count; i++)
		if (!is_wanted(desired, &withheld->allowed_ips[i]))
			left[count++] = withheld->allowed_ips[i];
	if (count < withheld->allowed_ip_count) {
		shadow_device_write_reduced(&unit->world, withheld, left, count);
		shadow_device_write_restored(&recorder->shadow, &unit->after, withheld);
	}
	free(left);
	return 0;
}

static int note_withheld(struct recorder *recorder, const struct cycle_report *report)
{
	struct recorder_unit *unit = &recorder->unit;
	const struct peer_diff *diff = &report->plan->diff;
	const struct peer_op *ops = diff->ops + peer_diff_op_count(diff);
	int error = 0;
	unit->withheld = calloc(diff->withheld_count + 1, sizeof *unit->withheld);
	if (!unit->withheld)
		return -ENOMEM;
	for (size_t i = 0; !error && i < diff->withheld_count; i++) {
		const struct peer_config *peer = ops[i].actual;
		unit->withheld[unit->withheld_count++] = peer->public_key;
		error = withheld_give_way(recorder, &report->plan->desired.peers, peer);
	}
	return error;
}

static void recorded_cycle_ended(void *impl, const struct cycle_report *report)
{
	struct recorder *recorder = impl;
	if (recorder->is_on && recorder->phase == RECORDER_FINISHING && report->results)
		recorder_check(recorder, note_withheld(recorder, report));
}

struct observer recorder_observer(struct recorder *recorder)
{
	return (struct observer){.cycle_ended = recorded_cycle_ended, .impl = recorder};
}

static int64_t frozen_now_ns(void *impl)
{
	return ((const struct moment *)impl)->wall_ns;
}

static int64_t frozen_boot_ns(void *impl)
{
	return ((const struct moment *)impl)->boot_ns;
}

/* Run the engine with a clock that stands still. */
static int recorded_cycle_finish(struct reconciler *reconciler, const struct fetch_answer *answer,
	int64_t now_ns, struct diag *diag)
{
	struct clock clock = reconciler->clock;
	struct moment now = {now_ns, clock.boot_ns(clock.impl)};
	reconciler->clock =
		(struct clock){.now_ns = frozen_now_ns, .boot_ns = frozen_boot_ns, .impl = &now};
	int error = reconciler_finish(reconciler, answer, diag);
	reconciler->clock = clock;
	return error;
}

static void record_during_fetch(
	struct recorder *recorder, int64_t now_ns, struct scenario_writer *call)
{
	struct recorder_unit *unit = &recorder->unit;
	struct scenario_writer steps = {.anonymizer = &recorder->anonymizer};
	for (size_t i = 0; i < unit->event_count; i++) {
		scenario_write(&steps, "%s", unit->events[i].faults);
		scenario_write_event(&steps, &unit->events[i], &recorder->nonces, now_ns);
		scenario_write(&steps, ",\n");
	}
	scenario_write_piece(&steps, &unit->world);
	scenario_write_piece(&steps, &unit->faults);
	scenario_writer_remove_comma(&steps);
	if (steps.length) {
		scenario_write(call, ",\"during_fetch\":[\n");
		scenario_write_piece(call, &steps);
		scenario_write(call, "]");
	}
	scenario_writer_clear(&steps);
}

int recorder_finish(struct recorder *recorder, struct reconciler *reconciler,
	const struct fetch_answer *answer, struct diag *diag)
{
	if (!is_recording(recorder) || recorder->phase != RECORDER_FETCHING)
		return reconciler_finish(reconciler, answer, diag);
	struct scenario_writer call = {.anonymizer = &recorder->anonymizer};
	enum fetch_outcome outcome = answer->outcome;
	bool was_provisional = reconciler->is_provisional;
	int64_t now_ns = time_now(recorder);
	identity_follow(recorder, reconciler->manager->identity);
	recorder->phase = RECORDER_FINISHING;
	int error = recorded_cycle_finish(reconciler, answer, now_ns, diag);
	recorder_settle(recorder);
	check_engine(recorder, error);
	recorder->phase = RECORDER_IDLE;
	scenario_write(&call, "{\"do\":\"reconcile\"");
	recorder_write_answer(recorder, reconciler, outcome, was_provisional, &call);
	record_during_fetch(recorder, now_ns, &call);
	/* An error may come from something that a replay does not have. */
	if (!error && !recorder->unit.withheld_count)
		scenario_write(&call, ",\"returns\":\"ok\"");
	scenario_write(&call, "}");
	recorder_unit_write(recorder, now_ns, &call);
	scenario_writer_clear(&call);
	return error;
}

/* An event during a fetch waits for the end of the cycle. */
static int event_add(struct recorder *recorder, const struct recorded_event *event)
{
	struct recorder_unit *unit = &recorder->unit;
	struct recorded_event *events =
		reallocarray(unit->events, unit->event_count + 1, sizeof *events);
	if (!events)
		return -ENOMEM;
	unit->events = events;
	events[unit->event_count++] = *event;
	return 0;
}

/* Record the event, and take it over. */
static void record_event(struct recorder *recorder, struct recorded_event *event)
{
	struct recorder_unit *unit = &recorder->unit;
	event->faults = strdup(unit->faults.length ? unit->faults.text : "");
	int error = unit->faults.error;
	scenario_writer_reset(&unit->faults);
	if (!error && !event->faults)
		error = -ENOMEM;
	if (!error && recorder->phase == RECORDER_FETCHING) {
		error = event_add(recorder, event);
		if (!error)
			return;
	}
	recorder_check(recorder, error);
	if (recorder->is_on) {
		struct scenario_writer call = {.anonymizer = &recorder->anonymizer};
		scenario_write(&call, "%s", event->faults);
		scenario_write_event(&call, event, &recorder->nonces, event->now_ns);
		recorder_unit_write(recorder, event->now_ns, &call);
		scenario_writer_clear(&call);
	}
	recorded_event_clear(event);
}

int recorder_deliver(struct recorder *recorder, struct event_dispatcher *dispatcher,
	const struct envelope *envelope, struct moment now, enum verdict *ret_verdict,
	struct diag *diag)
{
	if (!is_recording(recorder))
		return event_deliver(dispatcher, envelope, now, ret_verdict, diag);
	const struct identity *identity = dispatcher->manager->identity;
	struct key_public signing_key = dispatcher->verifier->keys.current;
	struct recorded_event event = {0};
	now.wall_ns = time_cut(now.wall_ns);
	if (identity)
		identity_follow(recorder, identity);
	if (recorder->phase == RECORDER_IDLE)
		recorder_unit_begin(recorder);
	int error = event_deliver(dispatcher, envelope, now, ret_verdict, diag);
	recorder_settle(recorder);
	check_engine(recorder, error);
	if (*ret_verdict == VERDICT_FAULT) {
		recorder_check(recorder, -ENOMEM);
		return error;
	}
	recorder_check(recorder, recorded_event_take(&recorder->anonymizer, dispatcher, envelope,
					 *ret_verdict, error, &event));
	event.now_ns = now.wall_ns;
	event.signing_key = signing_key;
	if (recorder->is_on)
		record_event(recorder, &event);
	else
		recorded_event_clear(&event);
	return error;
}

void recorder_note_malformed(struct recorder *recorder)
{
	if (!is_recording(recorder))
		return;
	struct recorded_event event = {.verdict = VERDICT_MALFORMED, .now_ns = time_now(recorder)};
	if (recorder->phase == RECORDER_IDLE)
		recorder_unit_begin(recorder);
	record_event(recorder, &event);
}

int recorder_teardown(struct recorder *recorder, struct manager *manager, struct diag *diag)
{
	if (!is_recording(recorder))
		return manager_teardown(manager, diag);
	if (recorder->phase == RECORDER_FETCHING)
		fetch_give_up(recorder);
	recorder_unit_begin(recorder);
	int error = manager_teardown(manager, diag);
	faults_move(recorder, &recorder->unit.before);
	struct scenario_writer call = {.anonymizer = &recorder->anonymizer};
	scenario_write(&call, "{\"do\":\"teardown\",\"returns\":\"%s\"}",
		error ? "error: wireguard: teardown: " : "ok");
	recorder_unit_write(recorder, time_now(recorder), &call);
	scenario_writer_clear(&call);
	return error;
}
