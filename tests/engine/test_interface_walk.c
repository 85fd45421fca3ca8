/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An exhaustive walk: every state of the interface with every state of the link, and from each
 * everything that can happen, with every result of each call. It reaches all that any sequence of
 * failures can lead to; from each place, without further failures, everything must end well.
 */
#include "harness.h"

#include "diag.h"
#include "reconcile.h"

#include <stdio.h>

/* The link as it is in the world. */
enum link_bits {
	LINK_EXISTS = 1 << 0,
	LINK_KEY = 1 << 1, /* and port */
	LINK_ADDRESS = 1 << 2,
	LINK_MTU = 1 << 3,
	LINK_UP = 1 << 4,
	LINK_WHOLE = (1 << 5) - 1,
};

/* The result of a call. */
enum outcome {
	CALL_DONE,
	CALL_FAILED,
	CALL_DONE_AND_FAILED, /* it took effect all the same */
	CALL_LOST_LINK,       /* the link vanished meanwhile */
	OUTCOME_COUNT,
};

#define CALLS_MAX 16

/* One combination of results of a whole step; calls after the last of them succeed. */
struct path {
	enum outcome outcomes[CALLS_MAX];
	size_t length, at;
};

/* An event between two observations of the world. */
enum happening {
	HAPPENS_SETUP,
	HAPPENS_CYCLE,
	HAPPENS_TEARDOWN,
	HAPPENS_RESTART,
	HAPPENING_COUNT,
};

struct walk {
	int mtu;
	unsigned link; /* LINK_*, or 0 */
	enum interface_state state;
	struct path path;
	bool may_delete;
	unsigned runs;
	bool is_known[INTERFACE_STATE_COUNT][LINK_WHOLE + 1];
};

/* Advance to the next combination. Returns false after the last. */
static bool path_next(struct path *path)
{
	while (path->length > 0 && path->outcomes[path->length - 1] + 1 == OUTCOME_COUNT)
		path->length--;
	if (path->length == 0)
		return false;
	path->outcomes[path->length - 1]++;
	return true;
}

static enum outcome path_outcome(struct path *path)
{
	if (path->at == path->length) {
		assert_true(path->length < CALLS_MAX);
		path->outcomes[path->length++] = CALL_DONE;
	}
	return path->outcomes[path->at++];
}

/* A call that leaves the link as `after`. */
static int call(struct walk *walk, bool needs_link, unsigned after, struct diag *diag)
{
	if (needs_link && !(walk->link & LINK_EXISTS))
		return diag_fail_errno(diag, -ENODEV);
	switch (path_outcome(&walk->path)) {
	case CALL_DONE:
		walk->link = after;
		return 0;
	case CALL_DONE_AND_FAILED:
		walk->link = after;
		return diag_fail_errno(diag, -EIO);
	case CALL_LOST_LINK:
		walk->link = 0;
		return diag_fail_errno(diag, -ENODEV);
	case CALL_FAILED:
	case OUTCOME_COUNT:
		break;
	}
	return diag_fail_errno(diag, -EIO);
}

static int create_interface(void *impl, const char *name, const struct key_secret *private_key,
	uint16_t listen_port, struct diag *diag)
{
	struct walk *walk = impl;
	return call(walk, false, walk->link | LINK_EXISTS | LINK_KEY, diag);
}

static int delete_interface(void *impl, const char *name, bool *ret_existed, struct diag *diag)
{
	struct walk *walk = impl;
	*ret_existed = walk->link & LINK_EXISTS;
	assert_true(walk->may_delete);
	return call(walk, false, 0, diag);
}

static int configure_address(void *impl, const char *name, const struct prefix *address,
	bool keep_others, struct diag *diag)
{
	struct walk *walk = impl;
	return call(walk, true, walk->link | LINK_ADDRESS, diag);
}

static int set_mtu(void *impl, const char *name, int mtu, struct diag *diag)
{
	struct walk *walk = impl;
	assert_int_equal(mtu, walk->mtu);
	return call(walk, true, walk->link | LINK_MTU, diag);
}

static int set_interface_up(void *impl, const char *name, struct diag *diag)
{
	struct walk *walk = impl;
	return call(walk, true, walk->link | LINK_UP, diag);
}

static int read_device(void *impl, const char *name, struct device *ret, struct diag *diag)
{
	struct walk *walk = impl;
	unsigned link = walk->link;
	int error = call(walk, true, link, diag);
	if (error)
		return error;
	struct prefix address = prefix_of("10.100.0.1/32");
	*ret = (struct device){
		.public_key = key_of(link & LINK_KEY ? 1 : 2),
		.listen_port = 51820,
		.mtu = link & LINK_MTU ? 1380 : 1420,
		.up = link & LINK_UP,
	};
	if (link & LINK_ADDRESS)
		assert_int_equal(device_add_address(ret, &address), 0);
	return 0;
}

static const struct controller_ops walk_ops = {
	.create_interface = create_interface,
	.delete_interface = delete_interface,
	.configure_address = configure_address,
	.set_interface_up = set_interface_up,
	.set_mtu = set_mtu,
	.read_device = read_device,
};

static void log_nothing(void *sink, enum log_level level, const char *message,
	const struct log_field *fields, unsigned field_count)
{
}

static int64_t now(void *impl)
{
	return 0;
}

static int cycle(struct reconciler *reconciler)
{
	struct state_document nobody = {0};
	struct fetch_answer answer = {.outcome = FETCH_DOCUMENT, .document = &nobody};
	struct diag diag = {0};
	int error = reconciler_begin(reconciler, &diag);
	if (!error)
		error = reconciler_finish(reconciler, &answer, &diag);
	diag_clear(&diag);
	return error;
}

/* Let the engine act from the state it is in. */
static int run(struct walk *walk, enum happening happening)
{
	struct identity identity = {.mesh_ip = ip_of("10.100.0.1"), .public_key = key_of(1)};
	const struct manager_config config = {
		.controller = {&walk_ops, walk},
		.interface = {.interface_name = "plexd0", .listen_port = 51820, .mtu = walk->mtu},
		.identity = &identity,
		.logger = {.write = log_nothing},
	};
	struct manager manager;
	struct reconciler reconciler;
	int error = 0;
	walk->path.at = 0;
	walk->may_delete = happening == HAPPENS_TEARDOWN;
	walk->runs++;
	assert_int_equal(manager_init(&manager, &config), 0);
	reconciler_init(&reconciler, &(struct reconciler_config){.manager = &manager,
					     .clock = {.now_ns = now, .boot_ns = now}});
	manager.state = happening == HAPPENS_RESTART ? INTERFACE_ABSENT : walk->state;
	if (happening == HAPPENS_SETUP)
		error = manager_setup(&manager, NULL);
	else if (happening == HAPPENS_CYCLE)
		error = cycle(&reconciler);
	else if (happening == HAPPENS_TEARDOWN)
		error = manager_teardown(&manager, NULL);
	walk->state = manager.state;
	reconciler_deinit(&reconciler);
	manager_deinit(&manager);
	return error;
}

static bool link_is_whole(const struct walk *walk)
{
	unsigned wanted = walk->mtu ? LINK_WHOLE : LINK_WHOLE & ~LINK_MTU;
	return (walk->link & wanted) == wanted;
}

static void reach(struct walk *walk, enum interface_state state, unsigned link);

/* Another program changes one thing of the link, deletes it, or makes another. */
static void others_happen(struct walk *walk, enum interface_state state, unsigned link)
{
	if (!(link & LINK_EXISTS)) {
		reach(walk, state, LINK_EXISTS);
		return;
	}
	reach(walk, state, 0);
	for (unsigned bit = LINK_KEY; bit <= LINK_UP; bit <<= 1)
		reach(walk, state, link ^ bit);
}

/* Go on from there if it is new: through every event, with every combination of results. */
static void reach(struct walk *walk, enum interface_state state, unsigned link)
{
	if (walk->is_known[state][link])
		return;
	walk->is_known[state][link] = true;
	for (int happening = 0; happening < HAPPENING_COUNT; happening++) {
		struct path path = {.length = 0};
		do {
			walk->path = path;
			walk->state = state;
			walk->link = link;
			int error = run(walk, (enum happening)happening);
			path = walk->path;
			if (happening == HAPPENS_CYCLE && !error) {
				assert_int_equal(walk->state, INTERFACE_UP);
				assert_true(link_is_whole(walk));
			}
			reach(walk, walk->state, walk->link);
		} while (path_next(&path));
	}
	others_happen(walk, state, link);
}

/* Everything reachable from a new process in an empty world. */
static struct walk walk_all(int mtu)
{
	struct walk walk = {.mtu = mtu};
	unsigned known = 0;
	reach(&walk, INTERFACE_ABSENT, 0);
	for (int state = 0; state < INTERFACE_STATE_COUNT; state++)
		for (unsigned link = 0; link <= LINK_WHOLE; link++)
			known += walk.is_known[state][link];
	print_message(
		"# MTU %d: %u states of interface and link, %u runs\n", mtu, known, walk.runs);
	return walk;
}

typedef void walk_check(struct walk *walk);

static void for_all_that_is_reached(walk_check *check)
{
	for (int mtu = 0; mtu <= 1380; mtu += 1380) {
		struct walk walk = walk_all(mtu);
		for (int state = 0; state < INTERFACE_STATE_COUNT; state++)
			for (unsigned link = 0; link <= LINK_WHOLE; link++) {
				if (!walk.is_known[state][link])
					continue;
				walk.state = (enum interface_state)state;
				walk.link = link;
				check(&walk);
			}
	}
}

/* The first may still find out that the link is gone. */
static void check_comes_up(struct walk *walk)
{
	walk->path = (struct path){0};
	if (run(walk, HAPPENS_CYCLE) != 0) {
		walk->path = (struct path){0};
		assert_int_equal(run(walk, HAPPENS_CYCLE), 0);
	}
	assert_int_equal(walk->state, INTERFACE_UP);
	assert_true(link_is_whole(walk));
}

static void check_setup_comes_up(struct walk *walk)
{
	walk->path = (struct path){0};
	if (run(walk, HAPPENS_SETUP) != 0) {
		walk->path = (struct path){0};
		assert_int_equal(run(walk, HAPPENS_SETUP), 0);
	}
	assert_int_equal(walk->state, INTERFACE_UP);
}

static void check_goes_away(struct walk *walk)
{
	walk->path = (struct path){0};
	assert_int_equal(run(walk, HAPPENS_TEARDOWN), 0);
	assert_int_equal(walk->state, INTERFACE_ABSENT);
	assert_int_equal(walk->link, 0);
}

static void setup_ends_up_after_any_failures(void **state)
{
	for_all_that_is_reached(check_setup_comes_up);
}

static void two_cycles_restore_the_interface_after_any_failures(void **state)
{
	for_all_that_is_reached(check_comes_up);
}

static void teardown_ends_absent_after_any_failures(void **state)
{
	for_all_that_is_reached(check_goes_away);
}

/* The table of the contract, with "any" and the kinds of drift written out. */
static const char expected_table[] = "absent setup create_interface created absent\n"
				     "absent teardown delete_interface absent absent\n"
				     "absent link_lost none absent absent\n"
				     "absent drifted_device none absent absent\n"
				     "absent drifted_address none absent absent\n"
				     "absent drifted_mtu none absent absent\n"
				     "absent drifted_down none absent absent\n"
				     "created setup configure_address addressed created\n"
				     "created teardown delete_interface absent created\n"
				     "created link_lost none absent absent\n"
				     "created drifted_device none created created\n"
				     "created drifted_address none created created\n"
				     "created drifted_mtu none created created\n"
				     "created drifted_down none created created\n"
				     "addressed setup set_mtu sized addressed\n"
				     "addressed teardown delete_interface absent addressed\n"
				     "addressed link_lost none absent absent\n"
				     "addressed drifted_device none addressed addressed\n"
				     "addressed drifted_address none addressed addressed\n"
				     "addressed drifted_mtu none addressed addressed\n"
				     "addressed drifted_down none addressed addressed\n"
				     "sized setup set_interface_up up sized\n"
				     "sized teardown delete_interface absent sized\n"
				     "sized link_lost none absent absent\n"
				     "sized drifted_device none sized sized\n"
				     "sized drifted_address none sized sized\n"
				     "sized drifted_mtu none sized sized\n"
				     "sized drifted_down none sized sized\n"
				     "up setup none up up\n"
				     "up teardown delete_interface absent up\n"
				     "up link_lost none absent absent\n"
				     "up drifted_device none absent absent\n"
				     "up drifted_address none created created\n"
				     "up drifted_mtu none addressed addressed\n"
				     "up drifted_down none sized sized\n";

static void the_table_is_that_of_the_contract(void **state)
{
	char *table = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&table, &length);
	assert_non_null(out);
	for (int i = 0; i < INTERFACE_STATE_COUNT; i++)
		for (int j = 0; j < INTERFACE_EVENT_COUNT; j++) {
			struct interface_transition cell = interface_fsm_transition(
				(enum interface_state)i, (enum interface_event)j);
			fprintf(out, "%s %s %s %s %s\n",
				interface_state_name((enum interface_state)i),
				interface_event_name((enum interface_event)j),
				interface_action_name(cell.action),
				interface_state_name(cell.on_success),
				interface_state_name(cell.on_failure));
		}
	assert_int_equal(fclose(out), 0);
	assert_string_equal(table, expected_table);
	free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_that_of_the_contract),
		cmocka_unit_test(setup_ends_up_after_any_failures),
		cmocka_unit_test(two_cycles_restore_the_interface_after_any_failures),
		cmocka_unit_test(teardown_ends_absent_after_any_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
