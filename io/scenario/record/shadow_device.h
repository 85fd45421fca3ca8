/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device that a replay of the recording will have at this point: a simulated one, to which
 * every recorded operation is applied. Where a read of the real device differs from it, another
 * program has changed the device: that becomes `world` steps. The shadow device has no private key,
 * and its preshared keys are anonymized: it holds no secret.
 *
 * Of the interface, only what the engine uses is recorded: no other addresses where the engine
 * leaves them alone, no link-local ones, no MTU where none is configured. A replay has no mark
 * (fwmark); a wrong mark is recorded as a wrong port, which makes the engine do the same.
 */
#pragma once

#include "scenario_writer.h"
#include "sim_controller.h"

struct shadow_device {
	struct sim_controller sim;
	const struct anonymizer *anonymizer;   /* borrowed */
	const struct interface_config *config; /* borrowed */
	struct prefix address;                 /* the one that the engine configures */
};

void shadow_device_init(struct shadow_device *shadow, const struct anonymizer *anonymizer,
	const struct interface_config *config, const struct ip *mesh_ip);
/* The node's key has changed. The device has the key that replaces it. */
void shadow_device_change_own_key(struct shadow_device *shadow, const struct key_public *old_key);
void shadow_device_deinit(struct shadow_device *shadow);
bool shadow_device_has_interface(const struct shadow_device *shadow);

/* Start as `device`, and write that as an object; NULL: no device. Returns as
 * shadow_device_follow_peers. */
int shadow_device_start(
	struct shadow_device *shadow, const struct device *device, struct scenario_writer *writer);
/* Apply a successful operation. Each returns 0, -ENOMEM, or -ENODEV if there is no interface. */
int shadow_device_create(struct shadow_device *shadow, uint16_t listen_port);
int shadow_device_configure_address(struct shadow_device *shadow, const struct prefix *address);
int shadow_device_set_mtu(struct shadow_device *shadow, int mtu);
int shadow_device_set_up(struct shadow_device *shadow);
int shadow_device_put_peer(struct shadow_device *shadow, const struct peer_op *op);
int shadow_device_remove_peer(struct shadow_device *shadow, const struct key_public *key);
/* No effect if there is no interface. */
void shadow_device_delete(struct shadow_device *shadow);

/* Record that another program deleted the interface. */
void shadow_device_follow_deletion(struct shadow_device *shadow, struct scenario_writer *steps);
/*
 * Record how `device` differs from the shadow device, as steps with a comma after each, and make
 * the shadow device the same. The interface must exist. Return 0 or -ENOMEM; for peers also
 * -EPROTO: a simulated device cannot have them.
 */
int shadow_device_follow_interface(
	struct shadow_device *shadow, const struct device *device, struct scenario_writer *steps);
int shadow_device_follow_peers(struct shadow_device *shadow, const struct peer_table *peers,
	struct scenario_writer *steps);
/* Whether the interface is the same as `device`, apart from its peers. */
bool shadow_device_has_same_interface(
	const struct shadow_device *shadow, const struct device *device);

/*
 * Record that the peer `actual` has only these allowed IPs, and later those of the shadow device
 * again. The shadow device does not change.
 */
void shadow_device_write_reduced(struct scenario_writer *steps, const struct peer_config *actual,
	const struct prefix *left, uint32_t left_count);
void shadow_device_write_restored(const struct shadow_device *shadow, struct scenario_writer *steps,
	const struct peer_config *actual);
