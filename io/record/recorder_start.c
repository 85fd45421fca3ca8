/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder_parts.h"

#include "diag.h"

#include "timestamp.h"

#include <errno.h>
#include <string.h>

/* Whether the name needs no escapes, in whatever it is told in. */
static bool is_recordable(const char *name)
{
	for (; *name; name++)
		if (*name < '!' || *name > '~' || *name == '"' || *name == '\\')
			return false;
	return true;
}

static void tell_head(struct recorder *recorder, struct scenario_writer *head)
{
	const struct interface_config *config = &recorder->config;
	struct ip mesh_ip = pseudonym_ip(&recorder->names, &recorder->mesh_ip);
	tell(head, "{\"scenario\":\"A recorded run does the same again\",\n\"version\":1,\n");
	tell(head, "\"start\":");
	tell_time(head, recorder->recorded_ns);
	tell(head,
		",\n\"config\":{\"interface_name\":\"%s\",\"listen_port\":%d,\"mtu\":%d,"
		"\"persistent_keepalive\":%d},\n",
		config->interface_name, config->listen_port, config->mtu,
		config->persistent_keepalive_s);
	tell(head, "\"identity\":{\"mesh_ip\":\"%s\",\"private_key\":", ip_format(&mesh_ip).text);
	tell_made_up_secret(head, &recorder->names.own_private_key);
	tell(head, "}");
}

static void tell_pending_event(struct scenario_writer *steps, const struct pending_peer *peer)
{
	if (peer->removed) {
		tell(steps, "{\"do\":\"event\",\"event_type\":\"peer_removed\",\"payload\":"
			    "{\"peer_id\":");
		tell_id(steps, peer->id);
		tell(steps, "}},\n");
		return;
	}
	tell(steps, "{\"do\":\"event\",\"event_type\":\"peer_added\",\"payload\":");
	tell_peer(steps, &peer->entry.config);
	tell(steps, "},\n");
}

static void tell_peer_removal(struct scenario_writer *steps, const struct key_public *key)
{
	tell(steps, "{\"do\":\"remove_peer\",\"public_key\":");
	tell_key(steps, key);
	tell(steps, "},\n");
}

/* The id is known under its key, and nothing else of the peer. */
static void tell_index_name(struct scenario_writer *steps, const struct peer_name *name)
{
	tell(steps, "{\"do\":\"add_peer\",\"peer\":{\"id\":");
	tell_id(steps, name->id);
	tell(steps, ",\"public_key\":");
	tell_key(steps, &name->public_key);
	tell(steps, ",\"allowed_ips\":[]}},\n");
	tell_peer_removal(steps, &name->public_key);
}

/*
 * Makes the replay's process know what this one knows of an earlier life: the events that no fetch
 * has overtaken, and the index. Whatever that does to the device is undone after it.
 */
static void tell_earlier_life(struct scenario_writer *steps, const struct pending_events *pending,
	const struct peer_names *names)
{
	for (size_t i = 0; i < pending->count; i++)
		tell_pending_event(steps, pending->peers[i]);
	for (size_t i = 0; i < names->count; i++)
		tell_index_name(steps, &names->names[i]);
	for (size_t i = 0; i < pending->count; i++) {
		const struct pending_peer *peer = pending->peers[i];
		if (peer->removed)
			continue;
		if (!peer_names_lookup(names, peer->id)) {
			tell(steps, "{\"do\":\"remove_peer_by_id\",\"peer_id\":");
			tell_id(steps, peer->id);
			tell(steps, "},\n");
		}
		tell_peer_removal(steps, &peer->entry.config.public_key);
	}
	tell(steps, "{\"do\":\"expect\",\"ops\":\"any\"},\n");
}

/* The device as it is found, after steps that need one of whatever kind. */
static int follow_device(
	struct recorder *recorder, const struct device *device, struct scenario_writer *steps)
{
	struct shadow_device *mirror = &recorder->mirror;
	if (!device) {
		shadow_device_follow_deletion(mirror, steps);
		return 0;
	}
	int error = shadow_device_follow_interface(mirror, device, steps);
	return error ? error : shadow_device_follow_peers(mirror, &device->peers, steps);
}

/* What the world is like, in `head`, and how the process came to know more, in `steps`. */
static int tell_world_found(struct recorder *recorder, const struct reconciler *reconciler,
	const struct device *device, struct scenario_writer *head, struct scenario_writer *steps)
{
	struct shadow_device *mirror = &recorder->mirror;
	const struct pending_events *pending = &reconciler->manager->pending;
	struct peer_names names = {0};
	int error = peer_index_snapshot(&reconciler->manager->index, &names);
	if (error)
		return error;
	bool has_lived = pending->count || names.count;
	const struct device none = {.mtu = SIM_MTU_DEFAULT};
	if (has_lived || device)
		tell(head, ",\n\"device\":");
	error = shadow_device_start(mirror, has_lived ? &none : device, head);
	if (!error && has_lived) {
		tell_earlier_life(steps, pending, &names);
		error = follow_device(recorder, device, steps);
		tell_no_comma(steps);
	}
	peer_names_clear(&names);
	return error;
}

static int recording_open(struct recorder *recorder, const char *path,
	const struct reconciler *reconciler, struct diag *diag)
{
	struct scenario_writer head = {.names = &recorder->names}, steps = head;
	struct device device = {0};
	bool is_there = recorder->inner.ops->read_device(recorder->inner.impl,
				reconciler->manager->config.interface_name, &device, NULL) == 0;
	tell_head(recorder, &head);
	if (reconciler->verifier && !key_public_is_zero(&reconciler->verifier->keys.current)) {
		tell(&head, ",\n\"signing_keys\":");
		tell_signing_keys(&head, &reconciler->verifier->keys);
	}
	int error =
		tell_world_found(recorder, reconciler, is_there ? &device : NULL, &head, &steps);
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
	const struct identity *identity = reconciler->identity;
	recorder->config = reconciler->manager->config;
	recorder->mesh_ip = identity->mesh_ip;
	recorder->recorded_ns = recorder->clock.now_ns(recorder->clock.impl);
	recorder->recorded_ns -= recorder->recorded_ns % NS_PER_MS;
	if (!is_recordable(recorder->config.interface_name))
		return diag_fail(diag, -EINVAL, "record: the interface's name is not plain ASCII");
	shadow_device_init(
		&recorder->mirror, &recorder->names, &recorder->config, &recorder->mesh_ip);
	int error = pseudonyms_init(&recorder->names, &identity->public_key);
	if (error)
		diag_fail_errno(diag, error);
	else
		error = recording_open(recorder, path, reconciler, diag);
	recorder->is_on = error == 0;
	return error ? diag_wrap(diag, error, "record") : 0;
}
