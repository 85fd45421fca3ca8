/* SPDX-License-Identifier: Apache-2.0 */
#include "life_values.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const ids[LIFE_ID_COUNT] = {
	"peer-10", "peer-2", "Peer-3", "a", "a ", "z\xc3\xa9", "~", "0"};

/* In JSON, the last of them with an escape. */
static const char *const ids_json[LIFE_ID_COUNT] = {"\"peer-10\"", "\"peer-2\"", "\"Peer-3\"",
	"\"a\"", "\"a \"", "\"z\\u00e9\"", "\"~\"", "\"\\u0030\""};

static const unsigned char key_bytes[LIFE_KEY_COUNT] = {
	0x80, 0x01, 0xff, 0x7f, 0x10, 0xf0, 0x42, 0x24};
static const unsigned char psk_bytes[LIFE_PSK_COUNT] = {0, 0xa5, 0x5a};

#define SPELLINGS 3

/* The first spelling is the canonical one. */
static const char *const prefixes[LIFE_PREFIX_COUNT][SPELLINGS] = {
	{"10.0.0.0/8", "10.255.1.1/8", "::ffff:10.0.0.0/104"},
	{"10.1.0.0/16", "10.1.2.3/16", "::FFFF:10.1.0.9/112"},
	{"10.1.2.3/32", "10.1.2.3", "::ffff:10.1.2.3"},
	{"0.0.0.0/0", "1.2.3.4/0", "::ffff:9.9.9.9/96"},
	{"::/0", "fd00::/0", "0:0:0:0:0:0:0:0/0"},
	{"fd00::/64", "FD00:0:0:0::/64", "fd00::1:2:3:4/64"},
	{"fd00::1/128", "fd00::1", "fd00:0::0001/128"},
	{"192.0.2.0/24", "192.0.2.255/24", "::ffff:192.0.2.7/120"},
	{"198.51.100.7/32", "198.51.100.7", "::ffff:c633:6407/128"},
	{"::fffe:0:0/95", "::ffff:1.2.3.4/95", "::FFFF:0:0/95"},
};

static const char *const endpoints[LIFE_ENDPOINT_COUNT][SPELLINGS] = {
	{"", "", ""},
	{"198.51.100.1:51820", "[::ffff:198.51.100.1]:51820", "[::ffff:c633:6401]:51820"},
	{"203.0.113.2:1", "203.0.113.2:1", "[::FFFF:203.0.113.2]:1"},
	{"[2001:db8::3]:65535", "[2001:DB8:0:0::3]:65535", "[2001:0db8::0.0.0.3]:65535"},
	{"[fe80::4%eth0]:4500", "[FE80::4%eth0]:4500", "[fe80:0::4%eth0]:4500"},
};

void life_random_seed(struct life_random *random, uint64_t seed)
{
	random->state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

/* splitmix64 */
unsigned life_random_below(struct life_random *random, unsigned below)
{
	uint64_t mixed = random->state += UINT64_C(0x9e3779b97f4a7c15);
	mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((mixed ^ mixed >> 31) % below);
}

bool life_random_chance(struct life_random *random, unsigned percent)
{
	return life_random_below(random, 100) < percent;
}

const char *life_id_text(int id)
{
	return ids[id];
}

struct key_public life_key(int number, const struct key_public *own_key)
{
	struct key_public key;
	if (number == LIFE_OWN_KEY)
		return *own_key;
	memset(key.bytes, key_bytes[number], sizeof key.bytes);
	return key;
}

int life_key_number(const struct key_public *key)
{
	for (int i = 0; i < LIFE_KEY_COUNT; i++)
		if (key->bytes[0] == key_bytes[i] && key->bytes[31] == key_bytes[i])
			return i;
	return LIFE_NONE;
}

struct key_secret life_psk(int number)
{
	struct key_secret psk;
	memset(psk.bytes, psk_bytes[number], sizeof psk.bytes);
	return psk;
}

const char *life_prefix_text(unsigned prefix)
{
	return prefixes[prefix][0];
}

const char *life_endpoint_text(int endpoint)
{
	return endpoints[endpoint][0];
}

/* The document being written. */
struct writer {
	struct life_random *random;
	const struct key_public *own_key;
	struct life_document *document;
	size_t length;
	bool needs_comma;
};

__attribute__((format(printf, 2, 3))) static void put(
	struct writer *writer, const char *format, ...)
{
	size_t room = sizeof writer->document->json - writer->length;
	va_list args;
	va_start(args, format);
	int length = vsnprintf(writer->document->json + writer->length, room, format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= room)
		abort();
	writer->length += (size_t)length;
}

static void put_member(struct writer *writer, const char *name)
{
	static const char *const blanks[] = {"", " ", "\n\t"};
	put(writer, "%s%s\"%s\":%s", writer->needs_comma ? "," : "",
		blanks[life_random_below(writer->random, 3)], name,
		blanks[life_random_below(writer->random, 3)]);
	writer->needs_comma = true;
}

static void put_base64(struct writer *writer, const unsigned char *bytes)
{
	char text[48];
	put(writer, "\"%s\"",
		sodium_bin2base64(text, sizeof text, bytes, 32, sodium_base64_VARIANT_ORIGINAL));
}

static void put_key(struct writer *writer, int key)
{
	struct key_public public_key = life_key(key, writer->own_key);
	put_member(writer, "public_key");
	put_base64(writer, public_key.bytes);
}

static void put_psk(struct writer *writer, int psk)
{
	static const char *const nones[] = {
		"\"\"", "null", "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\""};
	struct key_secret secret = life_psk(psk);
	if (psk == 0 && life_random_chance(writer->random, 25))
		return;
	put_member(writer, "psk");
	if (psk == 0)
		put(writer, "%s", nones[life_random_below(writer->random, 3)]);
	else
		put_base64(writer, secret.bytes);
}

static void put_endpoint(struct writer *writer, int endpoint)
{
	if (endpoint == 0 && life_random_chance(writer->random, 50))
		return;
	put_member(writer, "endpoint");
	if (endpoint == 0 && life_random_chance(writer->random, 50))
		put(writer, "null");
	else
		put(writer, "\"%s\"",
			endpoints[endpoint][life_random_below(writer->random, SPELLINGS)]);
}

/* In any order, in any spelling, some of them twice; none as an empty array or as null. */
static void put_allowed_ips(struct writer *writer, unsigned allowed_ips)
{
	unsigned start = life_random_below(writer->random, LIFE_PREFIX_COUNT);
	const char *comma = "";
	put_member(writer, "allowed_ips");
	if (!allowed_ips && life_random_chance(writer->random, 50)) {
		put(writer, "null");
		return;
	}
	put(writer, "[");
	for (unsigned i = 0; i < LIFE_PREFIX_COUNT; i++) {
		unsigned prefix = (start + i * 3) % LIFE_PREFIX_COUNT;
		unsigned times = 1 + life_random_chance(writer->random, 15);
		for (; (allowed_ips >> prefix & 1) && times > 0; times--) {
			put(writer, "%s\"%s\"", comma,
				prefixes[prefix][life_random_below(writer->random, SPELLINGS)]);
			comma = ", ";
		}
	}
	put(writer, "]");
}

static void put_keepalive(struct writer *writer, int keepalive_s)
{
	if (keepalive_s == LIFE_KEEPALIVE_DEFAULT_S && life_random_chance(writer->random, 80))
		return;
	put_member(writer, "persistent_keepalive");
	put(writer, "%d", keepalive_s);
}

/* All members of a usable entry except those that are spoilt elsewhere. */
static void put_rest(struct writer *writer, const struct life_entry *entry, const char *spoilt)
{
	if (strcmp(spoilt, "mesh_ip") != 0 && life_random_chance(writer->random, 50)) {
		put_member(writer, "mesh_ip");
		put(writer, "\"10.100.0.7\"");
	}
	if (strcmp(spoilt, "endpoint") != 0)
		put_endpoint(writer, entry->endpoint);
	if (strcmp(spoilt, "allowed_ips") != 0)
		put_allowed_ips(writer, entry->allowed_ips);
	if (strcmp(spoilt, "psk") != 0)
		put_psk(writer, entry->psk);
	if (strcmp(spoilt, "persistent_keepalive") != 0)
		put_keepalive(writer, entry->keepalive_s);
	if (life_random_chance(writer->random, 10)) {
		put_member(writer, "comment");
		put(writer, "{\"id\": [1, \"}\"]}");
	}
}

/* One invalid member of an entry, and its value. */
static const struct {
	const char *member;
	const char *value; /* NULL: it is missing */
} spoilers[] = {
	{"id", NULL},
	{"id", "\"\""},
	{"id", "null"},
	{"id", "7"},
	{"public_key", NULL},
	{"public_key", "\"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgJ=\""},
	{"public_key", "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\""},
	{"public_key", "{}"},
	{"mesh_ip", "\"10.100.0.7/32\""},
	{"endpoint", "\"198.51.100.1\""},
	{"endpoint", "\"198.51.100.1:0\""},
	{"endpoint", "\"vpn.example.org:51820\""},
	{"endpoint", "\"[fe80::4]:4500\""},
	{"endpoint", "51820"},
	{"allowed_ips", NULL},
	{"allowed_ips", "\"10.0.0.0/8\""},
	{"allowed_ips", "[\"10.0.0.0/8\", \"10.0.0.0/33\"]"},
	{"allowed_ips", "[null]"},
	{"psk", "\"short\""},
	{"psk", "true"},
	{"psk", "\"\", \"psk\": \"\""},
	{"persistent_keepalive", "65536"},
	{"persistent_keepalive", "-1"},
	{"persistent_keepalive", "1.5"},
	{"persistent_keepalive", "\"25\""},
};

static void put_entry(struct writer *writer, struct life_entry *entry)
{
	const char *spoilt = "", *value = NULL;
	if (!entry->is_usable) {
		unsigned at = life_random_below(writer->random, sizeof spoilers / sizeof *spoilers);
		spoilt = spoilers[at].member;
		value = spoilers[at].value;
	}
	put(writer, "{");
	writer->needs_comma = false;
	if (strcmp(spoilt, "id") == 0) {
		entry->id = LIFE_NONE;
	} else {
		put_member(writer, "id");
		put(writer, "%s", ids_json[entry->id]);
	}
	if (strcmp(spoilt, "public_key") == 0)
		entry->key = LIFE_NONE;
	else
		put_key(writer, entry->key);
	if (value) {
		put_member(writer, spoilt);
		put(writer, "%s", value);
	}
	put_rest(writer, entry, spoilt);
	put(writer, "}");
}

/* An element that is no object at all. */
static void put_junk(struct writer *writer, struct life_entry *entry)
{
	static const char *const junk[] = {"null", "7", "\"peer-2\"", "[]"};
	*entry = (struct life_entry){.id = LIFE_NONE, .key = LIFE_NONE};
	put(writer, "%s", junk[life_random_below(writer->random, sizeof junk / sizeof *junk)]);
}

static struct life_entry entry_make(struct life_random *random)
{
	static const int keepalives_s[] = {LIFE_KEEPALIVE_DEFAULT_S, 0, 25, 65535};
	struct life_entry entry = {
		.id = (int)life_random_below(random, LIFE_ID_COUNT),
		.key = (int)life_random_below(random, LIFE_KEY_COUNT),
		.endpoint = (int)life_random_below(random, LIFE_ENDPOINT_COUNT),
		.psk = (int)life_random_below(random, LIFE_PSK_COUNT),
		.keepalive_s = keepalives_s[life_random_below(random, 4)],
		.is_usable = !life_random_chance(random, 20),
	};
	if (life_random_chance(random, 5))
		entry.key = LIFE_OWN_KEY;
	for (unsigned i = life_random_below(random, 4); i > 0; i--)
		entry.allowed_ips |= 1u << life_random_below(random, LIFE_PREFIX_COUNT);
	return entry;
}

void life_document_make(
	struct life_random *random, const struct key_public *own_key, struct life_document *ret)
{
	struct writer writer = {.random = random, .own_key = own_key, .document = ret};
	ret->entry_count = life_random_below(random, LIFE_ENTRY_MAX + 1);
	put(&writer, "{\"peers\": [");
	for (size_t i = 0; i < ret->entry_count; i++) {
		put(&writer, "%s", i ? ",\n" : "");
		ret->entries[i] = entry_make(random);
		if (life_random_chance(random, 3))
			put_junk(&writer, &ret->entries[i]);
		else
			put_entry(&writer, &ret->entries[i]);
	}
	put(&writer, "], \"version\": 7}");
}
