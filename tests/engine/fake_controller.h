/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plain WireGuard interface in memory for tests of the engine: one interface and few peers, each
 * with a key of 32 equal bytes, which is written as one byte in hexadecimal. It obeys the rules of
 * controller.h, records its calls, and fails those that a test selects.
 */
#pragma once

#include "controller.h"

#define FAKE_PEERS_MAX     24
#define FAKE_PREFIXES_MAX  12
#define FAKE_ADDRESSES_MAX 8
#define FAKE_FAULTS_MAX    8
#define FAKE_TEXT_MAX      8192

struct fake_peer {
	struct peer_config config; /* its allowed IPs are the array below */
	struct prefix allowed_ips[FAKE_PREFIXES_MAX];
};

/* The next `times` calls of `op` fail, after `spared` that succeed. */
struct fake_fault {
	const char *op; /* as in the calls' texts; NULL: any but read_device */
	int key;        /* the peer's byte; -1: any */
	int error;      /* negative errno */
	unsigned spared, times;
	bool loses_link;   /* and the interface is gone then */
	bool takes_effect; /* it reports a failure, and takes effect */
};

struct fake_controller {
	bool exists;
	struct key_public public_key; /* of the private key: here, the same bytes */
	uint16_t listen_port;
	int mtu;
	bool up;
	int address_error; /* what check_address returns */
	struct prefix addresses[FAKE_ADDRESSES_MAX];
	size_t address_count;
	struct fake_peer peers[FAKE_PEERS_MAX]; /* sorted by key */
	size_t peer_count;

	struct fake_fault faults[FAKE_FAULTS_MAX];
	size_t fault_count;
	/* If set, called before each call: another program at work. */
	void (*before_call)(void *impl, const char *op);
	void *before_call_impl;
	bool fails_late; /* the current call: it takes effect, and fails then */
	unsigned read_count;
	/*
	 * Counts of adds of a peer that exists: those that named the allowed IPs it has, so that
	 * only the difference was sent, and those that need a read of the device.
	 */
	unsigned known_count, unknown_count;
	/* All calls but read_device, joined with "; ". One that failed ends in " !EIO". */
	char calls[FAKE_TEXT_MAX];
};

/* One operation at a time, or, if `takes_lists`, with apply. Borrows `fake`. */
struct controller fake_controller(struct fake_controller *fake, bool takes_lists);

void fake_fail(struct fake_controller *fake, struct fake_fault fault);
void fake_forget_calls(struct fake_controller *fake);

/* Changes by another program. */
void fake_set_peer(struct fake_controller *fake, const struct peer_config *peer);
void fake_drop_peer(struct fake_controller *fake, unsigned char key);
struct fake_peer *fake_find(struct fake_controller *fake, const struct key_public *key);
void fake_drop_interface(struct fake_controller *fake);

/* "02 endpoint=198.51.100.2:1 ips=10.0.0.2/32,10.1.0.0/16 psk=33 keepalive=25", joined with "; ".
 * What is not set is left out. */
struct fake_text {
	char text[FAKE_TEXT_MAX];
};
struct fake_text fake_peers_text(const struct fake_controller *fake);
struct fake_text peers_text(const struct peer_config *peers, size_t count);
