#include "life_model.h"

#include <string.h>

#define SILENT_AFTER_S 180

/* The entry that counts for each id; NULL: none. */
struct counted {
	const struct life_entry *of_id[LIFE_ID_COUNT];
};

static struct counted entries_count(const struct life_document *document)
{
	struct counted counted = {{NULL}};
	for (size_t i = document->entry_count; i > 0; i--) {
		const struct life_entry *entry = &document->entries[i - 1];
		if (entry->id != LIFE_NONE)
			counted.of_id[entry->id] = entry; /* the first overwrites the later */
	}
	return counted;
}

/* The ids in the order of their bytes. */
static void ids_order(int *ret)
{
	for (int i = 0; i < LIFE_ID_COUNT; i++) {
		int at = 0;
		for (int j = 0; j < LIFE_ID_COUNT; j++)
			at += strcmp(life_id_text(j), life_id_text(i)) < 0;
		ret[at] = i;
	}
}

static void keys_claim(struct life_model *model, const struct counted *counted, const int *order)
{
	for (int key = 0; key < LIFE_KEY_COUNT; key++)
		model->wanted_by[key] = LIFE_NONE;
	for (int i = 0; i < LIFE_ID_COUNT; i++) {
		const struct life_entry *entry = counted->of_id[order[i]];
		if (!entry || !entry->is_usable || entry->key == LIFE_OWN_KEY)
			continue;
		if (model->wanted_by[entry->key] == LIFE_NONE)
			model->wanted_by[entry->key] = order[i];
	}
}

static void key_keep(struct life_model *model, int key)
{
	if (key != LIFE_NONE && key != LIFE_OWN_KEY && model->peers[key].is_there &&
		model->wanted_by[key] == LIFE_NONE)
		model->is_kept[key] = true;
}

static void peers_keep(struct life_model *model, const struct life_document *document,
	const struct counted *counted)
{
	memset(model->is_kept, 0, sizeof model->is_kept);
	model->unusable_count = 0;
	for (size_t i = 0; i < document->entry_count; i++) {
		const struct life_entry *entry = &document->entries[i];
		bool counts = entry->id == LIFE_NONE || counted->of_id[entry->id] == entry;
		if (entry->is_usable || !counts)
			continue;
		model->unusable_count++;
		if (entry->id != LIFE_NONE)
			key_keep(model, model->index[entry->id]);
		key_keep(model, entry->key);
	}
}

static bool endpoint_is_due(
	const struct life_model *model, int key, const struct life_peer *peer, int wanted)
{
	const struct life_memory *memory = &model->memory[key];
	if (wanted == 0 || wanted == peer->endpoint)
		return false;
	if (memory->has_baseline && memory->baseline != wanted)
		return true;
	if (peer->last_handshake_s != 0 && model->now_s - peer->last_handshake_s <= SILENT_AFTER_S)
		return false;
	if (!memory->is_seen)
		return true;
	return peer->last_handshake_s == memory->last_handshake_s &&
	       peer->tx_bytes > memory->tx_bytes;
}

static void peer_see(struct life_memory *memory, const struct life_peer *peer)
{
	if (!memory->is_seen || memory->last_handshake_s != peer->last_handshake_s) {
		memory->last_handshake_s = peer->last_handshake_s;
		memory->tx_bytes = peer->tx_bytes;
	}
	memory->is_seen = true;
}

/* A peer that is there and wanted at `wanted`. */
static void endpoint_settle(struct life_model *model, int key, int wanted)
{
	struct life_peer *peer = &model->peers[key];
	struct life_memory *memory = &model->memory[key];
	bool is_due = endpoint_is_due(model, key, peer, wanted);
	bool is_applied = wanted != 0 && (is_due || wanted == peer->endpoint);
	if (is_applied || !memory->has_baseline)
		memory->baseline = wanted;
	memory->has_baseline = true;
	if (is_due)
		peer->endpoint = wanted;
}

static void peer_settle(
	struct life_model *model, int key, const struct life_entry *entry, unsigned claimed)
{
	struct life_peer *peer = &model->peers[key];
	struct life_memory *memory = &model->memory[key];
	if (peer->is_there) {
		endpoint_settle(model, key, entry->endpoint);
		peer_see(memory, peer);
	} else {
		*peer = (struct life_peer){.is_there = true, .endpoint = entry->endpoint};
		*memory = (struct life_memory){.has_baseline = true, .baseline = entry->endpoint};
	}
	peer->allowed_ips = entry->allowed_ips & ~claimed;
	peer->psk = entry->psk;
	peer->keepalive_s = entry->keepalive_s;
}

void life_model_cycle(struct life_model *model, const struct life_document *document)
{
	int order[LIFE_ID_COUNT];
	struct counted counted = entries_count(document);
	unsigned claimed = 0;
	ids_order(order);
	keys_claim(model, &counted, order);
	peers_keep(model, document, &counted);
	for (int key = 0; key < LIFE_KEY_COUNT; key++) {
		if (model->is_kept[key]) {
			claimed |= model->peers[key].allowed_ips;
			peer_see(&model->memory[key], &model->peers[key]);
		} else if (model->wanted_by[key] == LIFE_NONE) {
			model->peers[key] = (struct life_peer){0};
			model->memory[key] = (struct life_memory){0};
		}
	}
	for (int i = 0; i < LIFE_ID_COUNT; i++) {
		const struct life_entry *entry = counted.of_id[order[i]];
		if (!entry || !entry->is_usable || entry->key == LIFE_OWN_KEY ||
			model->wanted_by[entry->key] != order[i])
			continue;
		peer_settle(model, entry->key, entry, claimed);
		claimed |= entry->allowed_ips;
	}
}
