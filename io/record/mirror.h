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

#include "sim_controller.h"
#include "teller.h"

struct mirror {
	struct sim_controller sim;
	const struct pseudonyms *names;        /* borrowed */
	const struct interface_config *config; /* borrowed */
	struct prefix address;                 /* that the interface is to have */
};

void mirror_init(struct mirror *mirror, const struct pseudonyms *names,
	const struct interface_config *config, const struct ip *mesh_ip);
/* The node has another key, which is the one that the device has. */
void mirror_change_own_key(struct mirror *mirror, const struct key_public *old_key);
void mirror_deinit(struct mirror *mirror);
bool mirror_has_interface(const struct mirror *mirror);

/* Starts as `device`, which is told as an object; NULL: there is none. Returns as the last below.
 */
int mirror_start(struct mirror *mirror, const struct device *device, struct teller *teller);
/* Operations that went well. Each returns 0, -ENOMEM, or -ENODEV if there is no interface. */
int mirror_create(struct mirror *mirror, uint16_t listen_port);
int mirror_configure_address(struct mirror *mirror, const struct prefix *address);
int mirror_set_mtu(struct mirror *mirror, int mtu);
int mirror_set_up(struct mirror *mirror);
int mirror_put_peer(struct mirror *mirror, const struct peer_op *op);
int mirror_remove_peer(struct mirror *mirror, const struct key_public *key);
/* One that is not there counts as deleted. */
void mirror_delete(struct mirror *mirror);

/* Somebody deleted the interface. */
void mirror_follow_deletion(struct mirror *mirror, struct teller *steps);
/*
 * Tells what the interface `device` has other than the mirror, as steps with a comma after each,
 * and makes the mirror the same. The interface must be there. Return 0 or -ENOMEM; for peers also
 * -EPROTO: they cannot be made the same.
 */
int mirror_follow_interface(
	struct mirror *mirror, const struct device *device, struct teller *steps);
int mirror_follow_peers(
	struct mirror *mirror, const struct peer_table *peers, struct teller *steps);
/* Whether the interface is as `device` is, its peers aside. */
bool mirror_has_same_interface(const struct mirror *mirror, const struct device *device);

/*
 * The peer `actual` is told to have no allowed IPs but these, and then again what the mirror has
 * for it. The mirror stays.
 */
void mirror_tell_reduced(struct teller *steps, const struct peer_config *actual,
	const struct prefix *left, uint32_t left_count);
void mirror_tell_restored(
	const struct mirror *mirror, struct teller *steps, const struct peer_config *actual);
