/* SPDX-License-Identifier: Apache-2.0 */
#include "node_fixture.h"

#include "curve.h"
#include "signature.h"
#include "system_clock.h"

#include <signal.h>
#include <sodium.h>
#include <stdio.h>

#define PATIENCE_MS 20000
#define LOOK_MS     5

static void log_write(void *sink, enum log_level level, const char *message,
	const struct log_field *fields, unsigned field_count)
{
	struct node_fixture *node = sink;
	fprintf(node->log_file, "%s", message);
	for (unsigned i = 0; i < field_count; i++)
		fprintf(node->log_file, " %s=%s", fields[i].key, fields[i].value);
	fputc('\n', node->log_file);
	fflush(node->log_file);
}

static int64_t clock_now(void *impl)
{
	const struct node_fixture *node = impl;
	struct clock clock = system_clock();
	return clock.now_ns(clock.impl) + node->clock_ahead_ns;
}

static int64_t clock_boot(void *impl)
{
	const struct node_fixture *node = impl;
	struct clock clock = system_clock();
	return clock.boot_ns(clock.impl) + node->boot_ahead_ns;
}

static void manager_open(struct node_fixture *node)
{
	const struct manager_config config = {
		.controller = sim_controller(&node->sim),
		.identity = &node->identity,
		.logger = {.write = log_write, .sink = node},
	};
	sim_controller_init(&node->sim, (struct sim_recorder){0});
	node->identity =
		(struct identity){.mesh_ip = ip_of("10.0.0.1"), .private_key = secret_of(1)};
	key_secret_clamp(&node->identity.private_key);
	key_public_derive(&node->identity.private_key, &node->identity.public_key);
	assert_int_equal(manager_init(&node->manager, &config), 0);
	assert_int_equal(manager_setup(&node->manager, NULL), 0);
	verifier_init(
		&node->verifier, &(struct verifier_config){.check = signature_check_ed25519()});
	assert_int_equal(key_public_parse(node->process.signing_public_key,
				 strlen(node->process.signing_public_key),
				 &node->verifier.keys.current, NULL),
		0);
	node->dispatcher = (struct event_dispatcher){
		.manager = &node->manager,
		.verifier = &node->verifier,
		.reader = payload_wire_reader(&node->wire),
	};
}

int node_set_up(void **state)
{
	struct node_fixture *node = calloc(1, sizeof *node);
	assert_non_null(node);
	assert_true(sodium_init() >= 0);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(scratch_make((void **)&node->scratch), 0);
	node->log_file = open_memstream(&node->log, &node->log_length);
	assert_non_null(node->log_file);
	fflush(node->log_file);
	node->clock = (struct clock){.now_ns = clock_now, .boot_ns = clock_boot, .impl = node};
	plane_process_start(&node->process, NULL);
	node_tell(node, "PUT", "/nodes/n1", "'token':'" NODE_TOKEN "'");
	scratch_write(node->scratch, "node_secret_key", NODE_TOKEN "\n");
	assert_int_equal(loop_init(&node->loop, NULL), 0);
	manager_open(node);
	node_connect(node, &(struct api_options){0});
	*state = node;
	return 0;
}

int node_tear_down(void **state)
{
	struct node_fixture *node = *state;
	control_plane_close(&node->plane);
	assert_null(node->loop.timers);
	loop_deinit(&node->loop);
	plane_process_stop(&node->process);
	verifier_deinit(&node->verifier);
	manager_deinit(&node->manager);
	sim_controller_deinit(&node->sim);
	fclose(node->log_file);
	free(node->log);
	scratch_clear((void **)&node->scratch);
	free(node);
	return 0;
}

void node_connect(struct node_fixture *node, const struct api_options *options)
{
	struct api_options filled = *options;
	filled.url = node->process.api;
	filled.node_id = "n1";
	control_plane_close(&node->plane);
	assert_int_equal(control_plane_open(&node->plane, &node->loop, &filled,
				 node->scratch->directory, node->manager.logger, NULL),
		0);
}

struct waiting {
	struct loop *loop;
	struct loop_timer look;
	node_condition *condition;
	void *impl;
};

static void on_look(void *impl)
{
	struct waiting *waiting = impl;
	if (waiting->condition(waiting->impl))
		loop_stop(waiting->loop);
	else
		loop_timer_set(waiting->loop, &waiting->look, LOOK_MS, on_look, waiting);
}

static void on_patience_lost(void *impl)
{
	const struct node_fixture *node = impl;
	fail_msg("nothing happens\n%s", node->log);
}

void node_wait(struct node_fixture *node, node_condition *condition, void *impl)
{
	struct loop_timer patience = {0};
	struct waiting waiting = {.loop = &node->loop, .condition = condition, .impl = impl};
	loop_timer_set(&node->loop, &patience, PATIENCE_MS, on_patience_lost, node);
	on_look(&waiting);
	assert_int_equal(loop_run(&node->loop, NULL), 0);
	loop_timer_cancel(&node->loop, &patience);
}

static void stop(void *impl)
{
	loop_stop(impl);
}

void node_run_for(struct node_fixture *node, int64_t delay_ms)
{
	struct loop_timer timer = {0};
	loop_timer_set(&node->loop, &timer, delay_ms, stop, &node->loop);
	assert_int_equal(loop_run(&node->loop, NULL), 0);
}

void node_tell(struct node_fixture *node, const char *method, const char *path, const char *text)
{
	char json[4096];
	assert_true(snprintf(json, sizeof json, "{%s}", text) < (int)sizeof json);
	for (char *next = json; *next; next++)
		if (*next == '\'')
			*next = '"';
	plane_process_tell(&node->process, method, path, "%s", json);
}

void node_fault(struct node_fixture *node, const char *text)
{
	node_tell(node, "DELETE", "/faults", "");
	node_tell(node, "POST", "/faults", text);
}

bool node_plane_knows(struct node_fixture *node, const char *path, const char *part)
{
	return plane_process_knows(&node->process, path, part);
}

size_t node_logged(const struct node_fixture *node, const char *part)
{
	size_t count = 0;
	for (const char *line = node->log; line && *line;) {
		size_t length = strcspn(line, "\n");
		count += memmem(line, length, part, strlen(part)) != NULL;
		line += length + (line[length] == '\n');
	}
	return count;
}
