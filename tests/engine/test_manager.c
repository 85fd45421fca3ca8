/* SPDX-License-Identifier: Apache-2.0 */
/* The manager's methods: setup, teardown, and peers one by one or in bulk. */
#include "harness.h"

#include "world.h"

#define IPS "10.0.0.2/32"

/* The start of each test: the interface is up, and nothing was called since. */
static int up_setup(void **state)
{
	if (world_setup(state) != 0)
		return -1;
	struct world *world = *state;
	assert_int_equal(manager_setup(&world->manager, NULL), 0);
	fake_forget_calls(&world->fake);
	return 0;
}

typedef int peer_method(struct manager *manager, const struct peer_entry *entry, struct diag *diag);

/* Call a method with one entry; the error text is in world->error. */
static int call(struct world *world, peer_method *method, const char *id, unsigned char key)
{
	struct state_document document = {0};
	struct diag diag = {0};
	document_add(&document, id, key, "198.51.100.2:1", IPS)->config.psk = secret_of(0x5a);
	int error = method(&world->manager, &document.entries[0], &diag);
	strcpy(world->error, diag_text(&diag));
	diag_clear(&diag);
	state_document_clear(&document);
	return error;
}

static void fails(struct world *world, const char *op, int key, int error)
{
	fake_fail(&world->fake,
		(struct fake_fault){.op = op, .key = key, .error = error, .times = 1});
}

static void setup_creates_addresses_and_brings_up(void **state)
{
	struct world *world = *state;
	assert_int_equal(manager_setup(&world->manager, NULL), 0);
	assert_calls(world, "create_interface plexd0 51820; "
			    "configure_address plexd0 10.100.0.1/32; set_interface_up plexd0");
	assert_logged(world, "info Interface configured listen_port=51820 mesh_ip=10.100.0.1\n");
}

static void setup_of_an_interface_that_is_up_does_nothing(void **state)
{
	struct world *world = *state;
	world_forget_logs(world);
	assert_int_equal(manager_setup(&world->manager, NULL), 0);
	assert_calls(world, "");
	assert_string_equal(world->logs, "");
}

static void the_configuration_rules_setup(void **state)
{
	struct world *world = *state;
	world->config = (struct interface_config){
		.interface_name = "wg7", .listen_port = 4500, .mtu = 1380, .keep_addresses = true};
	world->identity.mesh_ip = ip_of("fd00::1");
	world_restart(world);
	assert_int_equal(manager_setup(&world->manager, NULL), 0);
	assert_calls(world, "create_interface wg7 4500; "
			    "configure_address wg7 fd00::1/128 keep_others; set_mtu wg7 1380; "
			    "set_interface_up wg7");
}

static void teardown_deletes_the_interface_and_keeps_the_index(void **state)
{
	struct world *world = *state;
	assert_int_equal(call(world, manager_add_peer, "peer-2", 2), 0);
	assert_int_equal(manager_teardown(&world->manager, NULL), 0);
	assert_calls(world, "add_peer 02; delete_interface plexd0");
	assert_index(world, "peer-2=02");
	assert_logged(world, "info Interface removed\n");
}

static void teardown_without_an_interface_logs_no_removal(void **state)
{
	struct world *world = *state;
	world->fake.exists = false;
	assert_int_equal(manager_teardown(&world->manager, NULL), 0);
	assert_calls(world, "delete_interface plexd0");
	assert_not_logged(world, "Interface removed");
}

static void adding_a_peer_sets_it_and_notes_its_id(void **state)
{
	struct world *world = *state;
	assert_int_equal(call(world, manager_add_peer, "peer-2", 2), 0);
	assert_calls(world, "add_peer 02");
	assert_peers(world, "02 endpoint=198.51.100.2:1 ips=10.0.0.2/32 psk=5a");
	assert_index(world, "peer-2=02");
	assert_logged(world, "debug Peer added peer_id=peer-2\n");
}

static void adding_is_idempotent(void **state)
{
	struct world *world = *state;
	assert_int_equal(call(world, manager_add_peer, "peer-2", 2), 0);
	assert_int_equal(call(world, manager_add_peer, "peer-2", 2), 0);
	assert_calls(world, "add_peer 02; add_peer 02");
	assert_peers(world, "02 endpoint=198.51.100.2:1 ips=10.0.0.2/32 psk=5a");
	assert_index(world, "peer-2=02");
}

static void updating_is_an_upsert(void **state)
{
	struct world *world = *state;
	assert_int_equal(call(world, manager_update_peer, "peer-2", 2), 0);
	assert_calls(world, "add_peer 02");
	assert_index(world, "peer-2=02");
	assert_logged(world, "debug Peer updated peer_id=peer-2\n");
}

static void a_peer_that_cannot_be_set_is_an_error_and_not_in_the_index(void **state)
{
	struct world *world = *state;
	fails(world, "add_peer", 2, -EIO);
	assert_int_equal(call(world, manager_add_peer, "peer-2", 2), -EIO);
	assert_string_equal(world->error, "wireguard: add peer peer-2: Input/output error");
	assert_index(world, "");
	fails(world, "add_peer", 2, -EIO);
	assert_int_equal(call(world, manager_update_peer, "peer-2", 2), -EIO);
	assert_string_equal(world->error, "wireguard: update peer peer-2: Input/output error");
	assert_peers(world, "");
}

static void an_unusable_entry_is_an_error_and_calls_nothing(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	struct diag diag = {0};
	document_add_unusable(&document, "peer-2", 2, "peers[0] \"peer-2\": psk: bad");
	assert_int_equal(manager_add_peer(&world->manager, &document.entries[0], &diag), -EINVAL);
	assert_string_equal(diag_text(&diag), "wireguard: add peer: peers[0] \"peer-2\": psk: bad");
	assert_calls(world, "");
	assert_index(world, "");
	diag_clear(&diag);
	state_document_clear(&document);
}

static void a_peer_with_the_own_key_is_left_out_and_logged(void **state)
{
	struct world *world = *state;
	assert_int_equal(call(world, manager_add_peer, "peer-9", WORLD_OWN_KEY), 0);
	assert_calls(world, "");
	assert_index(world, "");
	assert_logged(world, "peer_id=peer-9");
}

static void the_node_s_own_entry_is_left_out_and_not_reported(void **state)
{
	struct world *world = *state;
	world_forget_logs(world);
	assert_int_equal(call(world, manager_add_peer, WORLD_NODE_ID, WORLD_OWN_KEY), 0);
	world->identity.node_id = NULL; /* any id may be the node's then */
	assert_int_equal(call(world, manager_update_peer, "peer-9", WORLD_OWN_KEY), 0);
	assert_calls(world, "");
	assert_index(world, "");
	assert_string_equal(world->logs, "");
}

static void the_node_s_id_under_another_key_is_rejected(void **state)
{
	struct world *world = *state;
	assert_int_equal(call(world, manager_add_peer, WORLD_NODE_ID, 2), -EINVAL);
	assert_string_equal(
		world->error, "wireguard: peer node-1: this node's id under another key");
	assert_calls(world, "");
	assert_index(world, "");
}

static void a_peer_is_set_without_the_node_s_address(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	world_forget_logs(world);
	document_add(&document, "peer-2", 2, "", "10.100.0.0/24,10.100.0.1/32,10.100.0.2/32");
	assert_int_equal(manager_add_peer(&world->manager, &document.entries[0], NULL), 0);
	assert_peers(world, "02 ips=10.100.0.0/24,10.100.0.2/32");
	assert_int_equal(document.entries[0].config.allowed_ip_count, 3);
	assert_logged(world, "warn Peers conflict over=own_address value=10.100.0.1/32 "
			     "winner=this node loser=peer-2\n");
	state_document_clear(&document);
}

static void an_id_known_under_another_key_has_that_key_removed_first(void **state)
{
	struct world *world = *state;
	assert_int_equal(call(world, manager_add_peer, "peer-2", 2), 0);
	assert_int_equal(call(world, manager_update_peer, "peer-2", 12), 0);
	assert_calls(world, "add_peer 02; remove_peer 02; add_peer 0c");
	assert_index(world, "peer-2=0c");
	assert_int_equal(call(world, manager_add_peer, "peer-2", 22), 0);
	assert_calls(world, "remove_peer 0c; add_peer 16");
	assert_index(world, "peer-2=16");
}

static void an_old_key_that_another_id_has_now_stays(void **state)
{
	struct world *world = *state;
	assert_int_equal(call(world, manager_add_peer, "peer-2", 2), 0);
	assert_int_equal(call(world, manager_add_peer, "peer-3", 2), 0);
	assert_int_equal(call(world, manager_add_peer, "peer-2", 12), 0);
	assert_calls(world, "add_peer 02; add_peer 02; add_peer 0c");
	assert_index(world, "peer-2=0c peer-3=02");
}

static void an_old_key_that_cannot_be_removed_is_logged_and_the_add_goes_on(void **state)
{
	struct world *world = *state;
	assert_int_equal(call(world, manager_add_peer, "peer-2", 2), 0);
	fails(world, "remove_peer", 2, -EIO);
	assert_int_equal(call(world, manager_add_peer, "peer-2", 12), 0);
	assert_calls(world, "add_peer 02; remove_peer 02 !EIO; add_peer 0c");
	assert_index(world, "peer-2=0c");
	assert_logged(world, "Input/output error");
}

static void an_id_whose_old_key_is_gone_and_whose_new_one_failed_is_not_in_the_index(void **state)
{
	struct world *world = *state;
	assert_int_equal(call(world, manager_add_peer, "peer-2", 2), 0);
	fails(world, "add_peer", 12, -EIO);
	assert_int_equal(call(world, manager_add_peer, "peer-2", 12), -EIO);
	assert_index(world, "");
	assert_peers(world, "");
}

static void removing_by_key_removes_that_peer(void **state)
{
	struct world *world = *state;
	struct key_public key = key_of(2);
	struct diag diag = {0};
	assert_int_equal(call(world, manager_add_peer, "peer-2", 2), 0);
	fails(world, "remove_peer", 2, -EIO);
	assert_int_equal(manager_remove_peer(&world->manager, &key, &diag), -EIO);
	assert_contains(diag_text(&diag), "wireguard: remove peer ");
	assert_contains(diag_text(&diag), key_public_format(&key).text);
	assert_contains(diag_text(&diag), ": Input/output error");
	diag_clear(&diag);
	assert_int_equal(manager_remove_peer(&world->manager, &key, &diag), 0);
	assert_peers(world, "");
	assert_int_equal(manager_remove_peer(&world->manager, &key, &diag), 0);
}

static void removing_by_id_cleans_the_index(void **state)
{
	struct world *world = *state;
	struct diag diag = {0};
	assert_int_equal(call(world, manager_add_peer, "peer-2", 2), 0);
	assert_int_equal(manager_remove_peer_by_id(&world->manager, "peer-2", &diag), 0);
	assert_calls(world, "add_peer 02; remove_peer 02");
	assert_index(world, "");
	assert_logged(world, "debug Peer removed peer_id=peer-2\n");
	assert_true(manager_remove_peer_by_id(&world->manager, "peer-2", &diag) < 0);
	assert_string_equal(diag_text(&diag), "wireguard: unknown peer ID: peer-2");
	assert_calls(world, "");
	diag_clear(&diag);
}

static void a_removal_that_fails_leaves_the_id_in_the_index(void **state)
{
	struct world *world = *state;
	struct diag diag = {0};
	assert_int_equal(call(world, manager_add_peer, "peer-2", 2), 0);
	fails(world, "remove_peer", 2, -EIO);
	assert_int_equal(manager_remove_peer_by_id(&world->manager, "peer-2", &diag), -EIO);
	assert_string_equal(diag_text(&diag), "wireguard: remove peer peer-2: Input/output error");
	assert_index(world, "peer-2=02");
	diag_clear(&diag);
	assert_int_equal(manager_remove_peer_by_id(&world->manager, "peer-2", &diag), 0);
	assert_index(world, "");
}

/* Five peers: the second fails, the fourth is unusable. */
static void five_peers(struct state_document *document)
{
	document_add(document, "a", 1, "", "10.0.0.1/32");
	document_add(document, "b", 2, "", "10.0.0.2/32");
	document_add(document, "c", 3, "", "10.0.0.3/32");
	document_add_unusable(document, "d", 4, "peers[3] \"d\": psk: bad");
	document_add(document, "e", 5, "", "10.0.0.5/32");
}

static bool cancel_after(void *impl, size_t tried_count)
{
	return tried_count >= *(const size_t *)impl;
}

static void configuring_peers_goes_on_after_a_failure_and_logs_it(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	five_peers(&document);
	fails(world, "add_peer", 2, -EIO);
	assert_int_equal(manager_configure_peers(&world->manager, document.entries,
				 document.entry_count, NULL, NULL),
		0);
	assert_calls(world, "add_peer 01; add_peer 02 !EIO; add_peer 03; add_peer 05");
	assert_index(world, "a=01 c=03 e=05");
	assert_logged(world, "error Peer operation failed peer_id=b error=");
	assert_logged(world, "error Peer operation failed peer_id=d error=");
	assert_logged(world, "info Peers configured count=");
	state_document_clear(&document);
}

static void a_cancelled_configuring_reports_it_and_counts_unusable_entries(void **state)
{
	static const char *const calls[] = {"", "add_peer 01", "add_peer 01; add_peer 02",
		"add_peer 01; add_peer 02; add_peer 03", "add_peer 01; add_peer 02; add_peer 03"};
	for (size_t tried = 0; tried < COUNT_OF(calls); tried++) {
		void *fixture = NULL;
		assert_int_equal(up_setup(&fixture), 0);
		struct world *world = fixture;
		struct state_document document = {0};
		struct diag diag = {0};
		struct cancellation cancellation = {cancel_after, &tried};
		five_peers(&document);
		assert_int_equal(manager_configure_peers(&world->manager, document.entries,
					 document.entry_count, &cancellation, &diag),
			-ECANCELED);
		assert_contains(diag_text(&diag), "cancelled");
		assert_calls(world, calls[tried]);
		diag_clear(&diag);
		state_document_clear(&document);
		world_teardown(&fixture);
	}
}

static void a_cancellation_after_the_last_peer_comes_too_late(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	size_t tried = 5;
	struct cancellation cancellation = {cancel_after, &tried};
	five_peers(&document);
	assert_int_equal(manager_configure_peers(&world->manager, document.entries,
				 document.entry_count, &cancellation, NULL),
		0);
	state_document_clear(&document);
}

static void any_operation_that_finds_no_interface_is_the_link_lost_event(void **state)
{
	struct world *world = *state;
	struct key_public key = key_of(2);
	fake_drop_interface(&world->fake);
	assert_int_equal(call(world, manager_add_peer, "peer-2", 2), -ENODEV);
	assert_int_equal(world->manager.state, INTERFACE_ABSENT);
	assert_int_equal(manager_setup(&world->manager, NULL), 0);
	fake_drop_interface(&world->fake);
	assert_int_equal(manager_remove_peer(&world->manager, &key, NULL), -ENODEV);
	assert_int_equal(world->manager.state, INTERFACE_ABSENT);
}

static void other_failures_do_not_change_the_state(void **state)
{
	struct world *world = *state;
	fails(world, "add_peer", 2, -EIO);
	assert_int_equal(call(world, manager_add_peer, "peer-2", 2), -EIO);
	assert_int_equal(world->manager.state, INTERFACE_UP);
}

static void no_secret_is_ever_logged(void **state)
{
	struct world *world = *state;
	struct key_public as_text = key_of(0x5a), own = key_of(WORLD_OWN_KEY);
	assert_int_equal(call(world, manager_add_peer, "peer-2", 2), 0);
	fails(world, "add_peer", 2, -EIO);
	call(world, manager_update_peer, "peer-2", 2);
	assert_not_logged(world, key_public_format(&as_text).text);
	assert_not_logged(world, key_public_format(&own).text); /* the private key's bytes here */
	assert_lacks(world->error, key_public_format(&as_text).text);
}

/* The interface exists, so that peers can be set without Setup. */
static void without_an_identity_no_key_is_the_node_s(void **state)
{
	struct world *world = *state;
	world->manager.identity = NULL;
	assert_int_equal(call(world, manager_add_peer, "peer-2", 2), 0);
	assert_calls(world, "add_peer 02");
}

#define UP_TEST(name) cmocka_unit_test_setup_teardown(name, up_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			setup_creates_addresses_and_brings_up, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			the_configuration_rules_setup, world_setup, world_teardown),
		UP_TEST(setup_of_an_interface_that_is_up_does_nothing),
		UP_TEST(teardown_deletes_the_interface_and_keeps_the_index),
		UP_TEST(teardown_without_an_interface_logs_no_removal),
		UP_TEST(adding_a_peer_sets_it_and_notes_its_id),
		UP_TEST(adding_is_idempotent),
		UP_TEST(updating_is_an_upsert),
		UP_TEST(a_peer_that_cannot_be_set_is_an_error_and_not_in_the_index),
		UP_TEST(an_unusable_entry_is_an_error_and_calls_nothing),
		UP_TEST(a_peer_with_the_own_key_is_left_out_and_logged),
		UP_TEST(the_node_s_own_entry_is_left_out_and_not_reported),
		UP_TEST(the_node_s_id_under_another_key_is_rejected),
		UP_TEST(a_peer_is_set_without_the_node_s_address),
		UP_TEST(an_id_known_under_another_key_has_that_key_removed_first),
		UP_TEST(an_old_key_that_another_id_has_now_stays),
		UP_TEST(an_old_key_that_cannot_be_removed_is_logged_and_the_add_goes_on),
		UP_TEST(an_id_whose_old_key_is_gone_and_whose_new_one_failed_is_not_in_the_index),
		UP_TEST(removing_by_key_removes_that_peer),
		UP_TEST(removing_by_id_cleans_the_index),
		UP_TEST(a_removal_that_fails_leaves_the_id_in_the_index),
		UP_TEST(configuring_peers_goes_on_after_a_failure_and_logs_it),
		UP_TEST(a_cancelled_configuring_reports_it_and_counts_unusable_entries),
		UP_TEST(a_cancellation_after_the_last_peer_comes_too_late),
		UP_TEST(any_operation_that_finds_no_interface_is_the_link_lost_event),
		UP_TEST(other_failures_do_not_change_the_state),
		UP_TEST(no_secret_is_ever_logged),
		UP_TEST(without_an_identity_no_key_is_the_node_s),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
