/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon.h"

#include "api_source.h"
#include "cycle_loop.h"
#include "diag.h"
#include "event_client.h"
#include "file_source.h"
#include "identity_dir.h"
#include "link_router.h"
#include "locked_memory.h"
#include "log_limiter.h"
#include "payload_wire.h"
#include "service.h"
#include "signals.h"
#include "signature.h"
#include "state_store.h"
#include "syscall_filter.h"
#include "system_clock.h"
#include "telemetry.h"
#include "trace_writer.h"
#include "trust_journal.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OBSERVER_STORE, OBSERVER_CYCLES, OBSERVER_TRACE, OBSERVER_COUNT };

struct daemon {
	const struct daemon_settings *settings;
	struct loop loop;
	struct log_limiter log;
	struct observer observers[OBSERVER_COUNT];
	struct trace_writer trace;
	struct manager manager;
	struct verifier verifier;
	struct reconciler reconciler;
	struct event_dispatcher dispatcher;
	struct peer_wire_options wire;
	struct cycle_loop cycles;
	struct state_store store;
	struct trust_journal trust;
	struct signals signals;
	struct loop_watch signals_watch;
	struct service service;
	struct loop_job reload_job;
	struct problem reload_problem;

	bool follows_api; /* the source is `api`, not `file` */
	struct file_source file;
	struct control_plane plane;
	struct api_source api;
	struct event_client events;
	struct telemetry telemetry;
};

static void status_update(struct daemon *daemon, int error)
{
	char status[80];
	size_t withheld_count = daemon->reconciler.guard.withheld_count;
	if (withheld_count)
		snprintf(status, sizeof status, "%zu peers, %zu removals withheld",
			daemon->manager.index.count, withheld_count);
	else
		snprintf(status, sizeof status, "%zu peers, %s", daemon->manager.index.count,
			error ? "last cycle failed" : "converged");
	service_status(&daemon->service, status);
}

/* Serve signals, the watchdog and connections in the middle of long work. */
static bool daemon_turn(void *impl)
{
	struct daemon *daemon = impl;
	loop_turn(&daemon->loop);
	return loop_is_stopping(&daemon->loop);
}

static void cycle_ended(void *impl, int error)
{
	struct daemon *daemon = impl;
	verifier_expire(&daemon->verifier, clock_read(&daemon->reconciler.clock));
	state_store_save_peers(&daemon->store);
	if (error == -ECANCELED)
		return;
	status_update(daemon, error);
	locked_memory_log_refusal(&daemon->manager.logger);
	if (!daemon->follows_api)
		return;
	telemetry_note_cycle(&daemon->telemetry, error);
	cycle_loop_set_interval(&daemon->cycles,
		event_client_fetch_ms(&daemon->events, daemon->settings->interval_ms));
}

static void daemon_event_handled(void *impl)
{
	struct daemon *daemon = impl;
	state_store_save_peers(&daemon->store);
}

static void about_to_fetch(void *impl)
{
	struct daemon *daemon = impl;
	if (daemon->follows_api)
		event_client_handle_waiting(&daemon->events);
}

static void rotation_ordered(void *impl)
{
	struct daemon *daemon = impl;
	telemetry_order_rotation(&daemon->telemetry);
}

/* An open stream shows that the control plane answers again. Without one, fetch sooner. */
static void daemon_stream_changed(void *impl)
{
	struct daemon *daemon = impl;
	if (daemon->events.is_open)
		api_source_retry_now(&daemon->api);
	else
		cycle_loop_want(&daemon->cycles,
			event_client_fetch_ms(&daemon->events, EVENT_CLIENT_LOST_MS));
}

/* A control plane that answers again may accept a stream again. */
static void source_recovered(void *impl)
{
	struct daemon *daemon = impl;
	event_client_start(&daemon->events);
}

static void wants_cycle(void *impl, int64_t delay_ms)
{
	struct daemon *daemon = impl;
	cycle_loop_want(&daemon->cycles, delay_ms);
}

static bool same_node(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Key and mesh address may change, but not the node ID: the control plane and the cached state
 * identify the node by it. */
static int identity_reload(struct daemon *daemon, struct diag *diag)
{
	struct identity *old = daemon->settings->identity;
	struct identity identity = {0};
	int error = identity_dir_load(daemon->settings->identity_directory, &identity, diag);
	if (error)
		return error;
	if (!same_node(identity.node_id, old->node_id)) {
		identity_clear(&identity);
		return diag_fail(diag, -EINVAL, "the node_id changed, which requires a restart");
	}
	/* Keep the old string: others point to it. */
	free(identity.node_id);
	identity.node_id = old->node_id;
	old->node_id = NULL;
	identity_clear(old);
	*old = identity;
	key_secret_wipe(&identity.private_key);
	return 0;
}

static struct source daemon_source(struct daemon *daemon)
{
	return daemon->settings->api_url ? api_source(&daemon->api) : file_source(&daemon->file);
}

/* SIGHUP: read all files again. */
static void daemon_reload(void *impl)
{
	struct daemon *daemon = impl;
	struct diag diag = {0};
	const struct logger *logger = &daemon->manager.logger;
	struct source source = daemon_source(daemon);
	service_reloading(&daemon->service);
	if (identity_reload(daemon, &diag) == 0)
		problem_resolve(&daemon->reload_problem, logger);
	else
		problem_raise(&daemon->reload_problem, logger, diag_text(&diag));
	trace_writer_follow_identity(&daemon->trace);
	source.reload(source.impl);
	if (daemon->follows_api)
		event_client_start(&daemon->events);
	log_line(logger, LOG_RELOADED, NULL);
	service_reloaded(&daemon->service);
	cycle_loop_want(&daemon->cycles, 0);
	diag_clear(&diag);
}

static void signals_ready(void *impl, uint32_t events)
{
	struct daemon *daemon = impl;
	struct signals_taken taken = {0};
	if (signals_take(&daemon->signals, &taken, NULL) != 0)
		return;
	if (taken.end) {
		log_line(&daemon->manager.logger, LOG_STOPPING, "signal", sigabbrev_np(taken.end),
			NULL);
		loop_stop(&daemon->loop);
	} else if (taken.reload) {
		loop_job_add(&daemon->loop, &daemon->reload_job, daemon_reload, daemon);
	}
}

static void source_open_file(struct daemon *daemon)
{
	const struct file_source_config config = {
		.loop = &daemon->loop,
		.path = daemon->settings->state_path,
		.bytes_max = daemon->settings->state_bytes_max,
		.listener = cycle_loop_listener(&daemon->cycles),
		.wire = daemon->wire,
		.store = &daemon->store,
		.logger = daemon->manager.logger,
	};
	file_source_open(&daemon->file, &config);
}

static void api_clients_init(struct daemon *daemon)
{
	struct clock clock = daemon->reconciler.clock;
	const struct api_source_config source = {
		.plane = &daemon->plane,
		.listener = cycle_loop_listener(&daemon->cycles),
		.wire = daemon->wire,
		.store = &daemon->store,
		.recovered = source_recovered,
		.impl = daemon,
	};
	api_source_init(&daemon->api, &source);
	const struct event_client_config events = {
		.plane = &daemon->plane,
		.loop = &daemon->loop,
		.dispatcher = &daemon->dispatcher,
		.clock = clock,
		.handled = daemon_event_handled,
		.rotation_ordered = rotation_ordered,
		.changed = daemon_stream_changed,
		.impl = daemon,
	};
	event_client_init(&daemon->events, &events);
	const struct telemetry_config telemetry = {
		.plane = &daemon->plane,
		.loop = &daemon->loop,
		.manager = &daemon->manager,
		.clock = clock,
		.wants_cycle = wants_cycle,
		.impl = daemon,
	};
	telemetry_init(&daemon->telemetry, &telemetry);
}

static int source_open_api(struct daemon *daemon, struct diag *diag)
{
	const struct daemon_settings *settings = daemon->settings;
	struct api_options options = {
		.url = settings->api_url,
		.node_id = settings->identity->node_id,
		.ca_file = settings->ca_path,
		.user_agent = "plexwg",
		.state_bytes_max = settings->state_bytes_max,
	};
	if (!options.node_id)
		return diag_fail(diag, -EINVAL,
			"the identity has no node_id, which the control plane requires");
	int error = control_plane_open(&daemon->plane, &daemon->loop, &options,
		settings->identity_directory, daemon->manager.logger, diag);
	if (error)
		return error;
	api_clients_init(daemon);
	daemon->follows_api = true;
	return 0;
}

static void signing_keys_restore(struct daemon *daemon, const struct signing_keys *keys)
{
	const struct trust_record record = {.kind = TRUST_KEYS, .keys = *keys};
	verifier_restore(&daemon->verifier, &record);
}

/* Without a key all events are rejected until the control plane's state names one. */
static void signing_key_load(struct daemon *daemon)
{
	struct signing_keys keys = {0};
	struct diag diag = {0};
	if (identity_dir_read_signing_key(
		    daemon->settings->identity_directory, &keys.current, &diag) != 0)
		log_line(&daemon->manager.logger, LOG_NO_SIGNING_KEY, "error", diag_text(&diag),
			NULL);
	signing_keys_restore(daemon, &keys);
	diag_clear(&diag);
}

/* If the trust journal has no keys, the cached state may name newer ones than the identity. */
static void trust_restore(struct daemon *daemon)
{
	const struct state_document *document = &daemon->reconciler.document;
	signing_key_load(daemon);
	trust_journal_load(&daemon->trust);
	if (!daemon->trust.has_keys && document->has_signing_keys)
		signing_keys_restore(daemon, &document->signing_keys);
	verifier_expire(&daemon->verifier, clock_read(&daemon->reconciler.clock));
	trust_journal_start(&daemon->trust);
}

static int daemon_manager_init(struct daemon *daemon)
{
	const struct daemon_settings *settings = daemon->settings;
	const struct manager_config config = {
		.controller = settings->controller,
		.interface = settings->config,
		.identity = settings->identity,
		.logger = log_limiter_logger(&daemon->log),
		.lookup = cycle_loop_lookup(&daemon->cycles),
		.pause = {daemon_turn, daemon},
		.router = settings->router ? link_router(settings->router) : (struct router){0},
		.route_policy = settings->route_policy,
		.observers = daemon->observers,
		.observer_count = OBSERVER_COUNT,
	};
	daemon->observers[OBSERVER_STORE] = state_store_observer(&daemon->store);
	daemon->observers[OBSERVER_CYCLES] = cycle_loop_observer(&daemon->cycles);
	daemon->observers[OBSERVER_TRACE] = trace_writer_observer(&daemon->trace);
	return manager_init(&daemon->manager, &config);
}

static int engine_init(struct daemon *daemon, struct diag *diag)
{
	const struct daemon_settings *settings = daemon->settings;
	int error = daemon_manager_init(daemon);
	if (error)
		return diag_fail_errno(diag, error);
	const struct verifier_config verifier = {
		.check = signature_check_ed25519(),
		.store = trust_journal_store(&daemon->trust),
		.nonces_max = settings->nonces_max,
	};
	verifier_init(&daemon->verifier, &verifier);
	struct reconciler_config reconciler = {
		.manager = &daemon->manager,
		.verifier = &daemon->verifier,
		.clock = system_clock(),
		.max_removal_percent = settings->max_removal_percent,
	};
	if (settings->api_url)
		reconciler.reporter = telemetry_drift(&daemon->telemetry);
	randombytes_buf(&reconciler.digest_key, sizeof reconciler.digest_key);
	reconciler_init(&daemon->reconciler, &reconciler);
	daemon->wire = (struct peer_wire_options){
		.default_keepalive_s = (uint16_t)daemon->manager.config.persistent_keepalive_s,
		.allow_host_names = true,
		.peers_max = settings->peers_max,
		.allowed_ips_max = settings->allowed_ips_max,
		.allowed_ips_total_max = settings->allowed_ips_total_max,
	};
	daemon->dispatcher = (struct event_dispatcher){
		.manager = &daemon->manager,
		.verifier = &daemon->verifier,
		.reader = payload_wire_reader(&daemon->wire),
	};
	const struct trace_writer_config trace = {
		.reconciler = &daemon->reconciler,
		.reader = daemon->dispatcher.reader,
		.directory = settings->identity_directory,
		.bytes_max = settings->trace_bytes_max,
	};
	trace_writer_init(&daemon->trace, &trace);
	return 0;
}

static void state_restore(struct daemon *daemon)
{
	const struct logger *logger = &daemon->manager.logger;
	struct diag diag = {0};
	int error = state_store_restore(&daemon->store, &daemon->wire, &daemon->reconciler, &diag);
	if (!error)
		log_line(logger, LOG_CACHED_STATE_IN_FORCE, NULL);
	else if (error != STATE_STORE_EMPTY)
		log_line(logger, LOG_CACHED_STATE_UNUSABLE, "error", diag_text(&diag), NULL);
	diag_clear(&diag);
}

static void daemon_stores_init(struct daemon *daemon)
{
	const struct daemon_settings *settings = daemon->settings;
	const struct state_store_file_owner owner = {
		.directory = settings->identity_directory,
		.node_id = settings->identity->node_id,
		.source = settings->api_url ? settings->api_url : settings->state_path,
	};
	const struct state_store_config store = {
		.loop = &daemon->loop,
		.manager = &daemon->manager,
		.owner = owner,
		.document_bytes_max = settings->state_bytes_max,
	};
	const struct trust_journal_config trust = {
		.loop = &daemon->loop,
		.verifier = &daemon->verifier,
		.owner = owner,
		.logger = daemon->manager.logger,
	};
	state_store_init(&daemon->store, &store);
	trust_journal_init(&daemon->trust, &trust);
}

static int daemon_open(struct daemon *daemon, struct diag *diag)
{
	const struct daemon_settings *settings = daemon->settings;
	const struct cycle_loop_config cycles = {
		.loop = &daemon->loop,
		.reconciler = &daemon->reconciler,
		.source = daemon_source(daemon),
		.router = settings->router,
		.interval_ms = settings->interval_ms,
		.about_to_fetch = about_to_fetch,
		.ended = cycle_ended,
		.impl = daemon,
	};
	int error = cycle_loop_init(&daemon->cycles, &cycles, diag);
	daemon_stores_init(daemon);
	if (!settings->api_url)
		source_open_file(daemon);
	else if (!error)
		error = source_open_api(daemon, diag);
	if (!error)
		error = signals_open(&daemon->signals, diag);
	if (!error) {
		error = loop_watch_add(&daemon->loop, &daemon->signals_watch, daemon->signals.fd,
			EPOLLIN, signals_ready, daemon);
		if (error)
			diag_fail_errno(diag, error);
	}
	return error;
}

static int daemon_start(struct daemon *daemon, struct diag *diag)
{
	if (service_open(&daemon->service, &daemon->loop, &daemon->settings->service, diag) != 0)
		log_line(&daemon->manager.logger, LOG_SERVICE_MANAGER_UNREACHABLE, "error",
			diag_text(diag), NULL);
	diag_clear(diag);
	state_restore(daemon);
	if (daemon->follows_api)
		trust_restore(daemon);
	if (daemon->settings->trace_bytes_max)
		trace_writer_start(&daemon->trace);
	cycle_loop_want(&daemon->cycles, 0);
	if (daemon->follows_api) {
		event_client_start(&daemon->events);
		telemetry_start(&daemon->telemetry);
	}
	return 0;
}

/* Run without the filter on a system that does not offer it. */
static void syscalls_filter(struct daemon *daemon)
{
	struct diag diag = {0};
	if (syscall_filter_install(&diag) != 0)
		log_line(&daemon->manager.logger, LOG_SYSTEM_CALLS_NOT_FILTERED, "error",
			diag_text(&diag), NULL);
	diag_clear(&diag);
}

static int daemon_end(struct daemon *daemon, struct diag *diag)
{
	service_stopping(&daemon->service);
	return daemon->settings->keep_interface ? 0 : manager_teardown(&daemon->manager, diag);
}

static void daemon_close(struct daemon *daemon)
{
	if (daemon->follows_api) {
		telemetry_deinit(&daemon->telemetry);
		event_client_deinit(&daemon->events);
		api_source_deinit(&daemon->api);
		control_plane_close(&daemon->plane);
	} else if (!daemon->settings->api_url) {
		file_source_close(&daemon->file);
	}
	loop_job_cancel(&daemon->loop, &daemon->reload_job);
	loop_watch_remove(&daemon->loop, &daemon->signals_watch);
	signals_close(&daemon->signals);
	service_close(&daemon->service);
	state_store_deinit(&daemon->store);
	trust_journal_deinit(&daemon->trust);
	cycle_loop_deinit(&daemon->cycles);
	problem_clear(&daemon->reload_problem);
	reconciler_deinit(&daemon->reconciler);
	verifier_deinit(&daemon->verifier);
	manager_deinit(&daemon->manager);
	trace_writer_deinit(&daemon->trace);
}

int daemon_run(const struct daemon_settings *settings, struct diag *diag)
{
	struct daemon daemon = {
		.settings = settings,
		.signals = {.fd = -1},
		.reload_problem = {.name = "reload", .loop = &daemon.loop},
	};
	int error = loop_init(&daemon.loop, diag);
	if (error)
		return error;
	log_limiter_init(&daemon.log, &settings->logger, &daemon.loop);
	error = engine_init(&daemon, diag);
	if (!error) {
		error = daemon_open(&daemon, diag);
		if (!error)
			error = daemon_start(&daemon, diag);
		if (!error) {
			if (settings->filter_syscalls)
				syscalls_filter(&daemon);
			error = loop_run(&daemon.loop, diag);
		}
		if (!error)
			error = daemon_end(&daemon, diag);
		daemon_close(&daemon);
	}
	log_limiter_deinit(&daemon.log);
	loop_deinit(&daemon.loop);
	return error;
}
