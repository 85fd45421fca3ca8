/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device that a replay of the recording will have at this point: a simulated one, which every
 * operation told is carried out on. What a read of the real device shows otherwise, somebody else
 * must have done: that becomes `world` steps. Its private key is none, and its preshared keys are
 * pseudonyms: it holds no secret.
 *
 * Of the interface only what the engine looks at is told: no other addresses where they are to be
 * kept, no link-local ones, no MTU where none is configured. A replay has no mark (fwmark); a wrong
 * one is told as a wrong port, which makes the engine do the same.
 */
#pragma once

#include "scenario_writer.h"
#include "sim_controller.h"

struct shadow_device {
	struct sim_controller sim;
	const struct pseudonyms *names;        /* borrowed */
	const struct interface_config *config; /* borrowed */
	struct prefix address;                 /* that the interface is to have */
};

void shadow_device_init(struct shadow_device *mirror, const struct pseudonyms *names,
	const struct interface_config *config, const struct ip *mesh_ip);
/* The node has another key, which is the one that the device has. */
void shadow_device_change_own_key(struct shadow_device *mirror, const struct key_public *old_key);
void shadow_device_deinit(struct shadow_device *mirror);
bool shadow_device_has_interface(const struct shadow_device *mirror);

/* Start as `device`, which is recorded as an object; NULL: none. Returns as the last below. */
int shadow_device_start(struct shadow_device *mirror, const struct device *device,
	struct scenario_writer *scenario_writer);
/* Operations that went well. Each returns 0, -ENOMEM, or -ENODEV if there is no interface. */
int shadow_device_create(struct shadow_device *mirror, uint16_t listen_port);
int shadow_device_configure_address(struct shadow_device *mirror, const struct prefix *address);
int shadow_device_set_mtu(struct shadow_device *mirror, int mtu);
int shadow_device_set_up(struct shadow_device *mirror);
int shadow_device_put_peer(struct shadow_device *mirror, const struct peer_op *op);
int shadow_device_remove_peer(struct shadow_device *mirror, const struct key_public *key);
/* One that is not there counts as deleted. */
void shadow_device_delete(struct shadow_device *mirror);

/* Another program deleted the interface. */
void shadow_device_follow_deletion(struct shadow_device *mirror, struct scenario_writer *steps);
/*
 * Record what the interface `device` has other than the shadow device, as steps with a comma after
 * each, and make the shadow device the same. The interface must exist. Return 0 or -ENOMEM; for
 * peers also -EPROTO: they cannot be made the same.
 */
int shadow_device_follow_interface(
	struct shadow_device *mirror, const struct device *device, struct scenario_writer *steps);
int shadow_device_follow_peers(struct shadow_device *mirror, const struct peer_table *peers,
	struct scenario_writer *steps);
/* Whether the interface is as `device` is, its peers aside. */
bool shadow_device_has_same_interface(
	const struct shadow_device *mirror, const struct device *device);

/*
 * Record that the peer `actual` has no allowed IPs but these, and then again those of the shadow
 * device, which does not change.
 */
void shadow_device_tell_reduced(struct scenario_writer *steps, const struct peer_config *actual,
	const struct prefix *left, uint32_t left_count);
void shadow_device_tell_restored(const struct shadow_device *mirror, struct scenario_writer *steps,
	const struct peer_config *actual);
