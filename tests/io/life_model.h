/*
 * What a device must be like after a cycle, said once more, in numbers and as plainly as can be.
 * Nothing of the engine is used here.
 */
#pragma once

#include "life_values.h"

struct life_peer {
	bool is_there;
	unsigned allowed_ips;
	int endpoint;
	int psk;
	int keepalive_s;
	int64_t last_handshake_s;
	uint64_t tx_bytes;
};

/* What the process knows of the endpoint of a peer. */
struct life_memory {
	bool has_baseline;
	int baseline; /* last applied, or first compared */
	bool is_seen;
	int64_t last_handshake_s;
	uint64_t tx_bytes; /* when that handshake was first seen */
};

struct life_model {
	struct life_peer peers[LIFE_KEY_COUNT];
	struct life_memory memory[LIFE_KEY_COUNT]; /* all zero: a new process */
	int index[LIFE_ID_COUNT]; /* the key that is known for each id before the cycle */
	int64_t now_s;
	/* What the cycle made of it: */
	int wanted_by[LIFE_KEY_COUNT]; /* the id, or LIFE_NONE */
	bool is_kept[LIFE_KEY_COUNT];
	unsigned unusable_count;
};

/* A cycle with that document in force, and without a fault. */
void life_model_cycle(struct life_model *model, const struct life_document *document);
