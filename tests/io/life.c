/* SPDX-License-Identifier: Apache-2.0 */
#include "life.h"

#include "harness.h"

struct sim_device *life_device(const struct life *life)
{
	return sim_controller_find(&life->sim, "plexd0");
}

struct key_public life_any_key(struct life *life)
{
	return life_key((int)life_random_below(&life->random, LIFE_KEY_COUNT),
		&life->world->identity.public_key);
}

/* Another program changes a peer. */
static void stranger_sets_peer(struct life *life, struct sim_device *device)
{
	struct life_random *random = &life->random;
	struct prefix prefix =
		prefix_of(life_prefix_text(life_random_below(random, LIFE_PREFIX_COUNT)));
	struct peer_config peer = {
		.public_key = life_any_key(life),
		.psk = life_psk((int)life_random_below(random, LIFE_PSK_COUNT)),
		.endpoint = endpoint_of(
			life_endpoint_text((int)life_random_below(random, LIFE_ENDPOINT_COUNT))),
		.allowed_ips = &prefix,
		.allowed_ip_count = life_random_below(random, 2),
		.persistent_keepalive_s = (uint16_t)life_random_below(random, 3),
	};
	if (life_random_chance(random, 10))
		peer.public_key = key_of(0x33); /* not of the universe: it belongs to no id */
	assert_int_equal(sim_device_set_peer(device, &peer, PEER_FIELDS_ALL, true), 0);
}

static void peer_shakes_hands(struct life *life, struct sim_device *device)
{
	struct key_public key = life_any_key(life);
	int number = 1 + (int)life_random_below(&life->random, LIFE_ENDPOINT_COUNT - 1);
	struct endpoint endpoint = endpoint_of(life_endpoint_text(number));
	life->world->now_s++;
	sim_device_handshake(device, &key, life_random_chance(&life->random, 50) ? &endpoint : NULL,
		life->world->now_s);
}

static void stranger_changes_link(struct life *life, struct sim_device *device)
{
	struct key_secret other_key = secret_of(0x77);
	struct prefix other_address = prefix_of("192.0.2.1/32");
	switch (life_random_below(&life->random, 5)) {
	case 0:
		device->up = false;
		break;
	case 1:
		device->mtu = 9000;
		break;
	case 2:
		device->listen_port = 7;
		break;
	case 3:
		sim_device_set_private_key(device, &other_key);
		break;
	default:
		assert_int_equal(sim_device_set_addresses(device, &other_address, 1), 0);
		break;
	}
}

void life_disturb(struct life *life)
{
	struct sim_device *device = life_device(life);
	struct key_public key = life_any_key(life);
	static const int64_t pauses_s[] = {1, 60, 181, 600};
	if (!device)
		return;
	switch (life_random_below(&life->random, 12)) {
	case 0:
	case 1:
		sim_device_remove_peer(device, &key);
		break;
	case 2:
	case 3:
	case 4:
		stranger_sets_peer(life, device);
		break;
	case 5:
	case 6:
		peer_shakes_hands(life, device);
		break;
	case 7:
	case 8:
		sim_device_sent(device, &key, 148);
		break;
	case 9:
		stranger_changes_link(life, device);
		break;
	case 10:
		if (life_random_chance(&life->random, 20))
			sim_controller_delete(&life->sim, "plexd0");
		break;
	default:
		life->world->now_s += pauses_s[life_random_below(&life->random, 4)];
		break;
	}
}
