/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder_parts.h"

#include "diag.h"

#include "timestamp.h"

#include <errno.h>
#include <string.h>

/* Whether the name needs no escapes, in JSON or in the text of an operation. */
static bool is_recordable(const char *name)
{
	for (; *name; name++)
		if (*name < '!' || *name > '~' || *name == '"' || *name == '\\')
			return false;
	return true;
}

static void scenario_write_head(struct recorder *recorder, struct scenario_writer *head)
{
	const struct interface_config *config = &recorder->config;
	struct ip mesh_ip = anonymize_ip(&recorder->anonymizer, &recorder->mesh_ip);
	scenario_write(
		head, "{\"scenario\":\"A recorded run does the same again\",\n\"version\":1,\n");
	scenario_write(head, "\"start\":");
	scenario_write_time(head, recorder->recorded_ns);
	scenario_write(head,
		",\n\"config\":{\"interface_name\":\"%s\",\"listen_port\":%d,\"mtu\":%d,"
		"\"persistent_keepalive\":%d},\n",
		config->interface_name, config->listen_port, config->mtu,
		config->persistent_keepalive_s);
	scenario_write(head,
		"\"identity\":{\"mesh_ip\":\"%s\",\"private_key\":", ip_format(&mesh_ip).text);
	scenario_write_anonymous_secret(head, &recorder->anonymizer.own_private_key);
	scenario_write(head, "}");
}

static void scenario_write_pending_event(
	struct scenario_writer *steps, const struct pending_peer *peer)
{
	if (peer->removed) {
		scenario_write(steps,
			"{\"do\":\"event\",\"event_type\":\"peer_removed\",\"payload\":"
			"{\"peer_id\":");
		scenario_write_id(steps, peer->id);
		scenario_write(steps, "}},\n");
		return;
	}
	scenario_write(steps, "{\"do\":\"event\",\"event_type\":\"peer_added\",\"payload\":");
	scenario_write_peer(steps, &peer->entry.config);
	scenario_write(steps, "},\n");
}

static void scenario_write_peer_removal(struct scenario_writer *steps, const struct key_public *key)
{
	scenario_write(steps, "{\"do\":\"remove_peer\",\"public_key\":");
	scenario_write_key(steps, key);
	scenario_write(steps, "},\n");
}

/* Make the index know the id and the key, and nothing else of the peer. */
static void scenario_write_index_name(struct scenario_writer *steps, const struct peer_name *name)
{
	scenario_write(steps, "{\"do\":\"add_peer\",\"peer\":{\"id\":");
	scenario_write_id(steps, name->id);
	scenario_write(steps, ",\"public_key\":");
	scenario_write_key(steps, &name->public_key);
	scenario_write(steps, ",\"allowed_ips\":[]}},\n");
	scenario_write_peer_removal(steps, &name->public_key);
}

/*
 * Make the replay's process know what this one knows of an earlier process: the pending events and
 * the index. Later steps undo what that does to the device.
 */
static void scenario_write_earlier_life(struct scenario_writer *steps,
	const struct pending_events *pending, const struct peer_names *names)
{
	for (size_t i = 0; i < pending->count; i++)
		scenario_write_pending_event(steps, pending->peers[i]);
	for (size_t i = 0; i < names->count; i++)
		scenario_write_index_name(steps, &names->names[i]);
	for (size_t i = 0; i < pending->count; i++) {
		const struct pending_peer *peer = pending->peers[i];
		if (peer->removed)
			continue;
		if (!peer_names_lookup(names, peer->id)) {
			scenario_write(steps, "{\"do\":\"remove_peer_by_id\",\"peer_id\":");
			scenario_write_id(steps, peer->id);
			scenario_write(steps, "},\n");
		}
		scenario_write_peer_removal(steps, &peer->entry.config.public_key);
	}
	scenario_write(steps, "{\"do\":\"expect\",\"ops\":\"any\"},\n");
}

/* Record the device as found, after steps that needed a device of any kind. */
static int follow_device(
	struct recorder *recorder, const struct device *device, struct scenario_writer *steps)
{
	struct shadow_device *shadow = &recorder->shadow;
	if (!device) {
		shadow_device_follow_deletion(shadow, steps);
		return 0;
	}
	int error = shadow_device_follow_interface(shadow, device, steps);
	return error ? error : shadow_device_follow_peers(shadow, &device->peers, steps);
}

/* Write the device in `head`, and in `steps` how the process came to know an earlier process. */
static int scenario_write_world_found(struct recorder *recorder,
	const struct reconciler *reconciler, const struct device *device,
	struct scenario_writer *head, struct scenario_writer *steps)
{
	struct shadow_device *shadow = &recorder->shadow;
	const struct pending_events *pending = &reconciler->manager->pending;
	struct peer_names names = {0};
	int error = peer_index_snapshot(&reconciler->manager->index, &names);
	if (error)
		return error;
	bool has_lived = pending->count || names.count;
	const struct device none = {.mtu = SIM_MTU_DEFAULT};
	if (has_lived || device)
		scenario_write(head, ",\n\"device\":");
	error = shadow_device_start(shadow, has_lived ? &none : device, head);
	if (!error && has_lived) {
		scenario_write_earlier_life(steps, pending, &names);
		error = follow_device(recorder, device, steps);
		scenario_writer_remove_comma(steps);
	}
	peer_names_clear(&names);
	return error;
}

static int recording_open(struct recorder *recorder, const char *path,
	const struct reconciler *reconciler, struct diag *diag)
{
	struct scenario_writer head = {.anonymizer = &recorder->anonymizer}, steps = head;
	struct device device = {0};
	bool is_there = recorder->inner.ops->read_device(recorder->inner.impl,
				reconciler->manager->config.interface_name, &device, NULL) == 0;
	scenario_write_head(recorder, &head);
	if (reconciler->verifier && !key_public_is_zero(&reconciler->verifier->keys.current)) {
		scenario_write(&head, ",\n\"signing_keys\":");
		scenario_write_signing_keys(&head, &reconciler->verifier->keys);
	}
	int error = scenario_write_world_found(
		recorder, reconciler, is_there ? &device : NULL, &head, &steps);
	if (!error)
		error = head.error ? head.error : steps.error;
	if (error)
		diag_fail_errno(diag, error);
	else
		error = record_file_open(&recorder->file, path, head.text, head.length, diag);
	if (!error && steps.length)
		error = record_file_append(&recorder->file, steps.text, steps.length, diag);
	device_clear(&device);
	scenario_writer_clear(&head);
	scenario_writer_clear(&steps);
	return error;
}

int recorder_start(struct recorder *recorder, const char *path, struct reconciler *reconciler,
	struct diag *diag)
{
	const struct identity *identity = reconciler->manager->identity;
	recorder->config = reconciler->manager->config;
	recorder->mesh_ip = identity->mesh_ip;
	recorder->recorded_ns = recorder->clock.now_ns(recorder->clock.impl);
	recorder->recorded_ns -= recorder->recorded_ns % NS_PER_MS;
	if (!is_recordable(recorder->config.interface_name))
		return diag_fail(diag, -EINVAL, "record: the interface's name is not plain ASCII");
	shadow_device_init(
		&recorder->shadow, &recorder->anonymizer, &recorder->config, &recorder->mesh_ip);
	int error = anonymizer_init(&recorder->anonymizer, &identity->public_key);
	if (error)
		diag_fail_errno(diag, error);
	else
		error = recording_open(recorder, path, reconciler, diag);
	recorder->is_on = error == 0;
	return error ? diag_wrap(diag, error, "record") : 0;
}
