/*
 * Drives the kernel's controller from a script, in the machine that the script runs in.
 *
 *     kernel_driver available
 *             Prints whether the kernel has WireGuard, or why not.
 *     kernel_driver change NAME KEY_A KEY_B PREFIX ROUNDS
 *             Gives PREFIX to the peer A, moves it to the peer B and takes it away again, each by
 *             an operation list as a cycle makes it. All other prefixes of both stay.
 *     kernel_driver config COUNT
 *             Prints a configuration of so many peers, as wg(8) reads it.
 *     kernel_driver fill NAME COUNT
 *             Adds the same peers, by one list; prints how long it took and how many requests.
 *     kernel_driver figures NAME ROUNDS
 *             Reads the device again and again, prints the shortest time of each kind of read.
 */
#include "device_fixture.h"
#include "diag.h"
#include "diff.h"
#include "executor.h"
#include "kernel_controller.h"
#include "wg_encode.h"

#include <net/if.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct driver {
	struct kernel_controller kernel;
	struct controller controller;
	const char *name;
};

static void die(const char *what, struct diag *diag)
{
	fprintf(stderr, "kernel_driver: %s: %s\n", what, diag_text(diag));
	exit(1);
}

static int available(void)
{
	struct diag diag = {0};
	puts(kernel_controller_available(&diag) ? "yes" : diag_text(&diag));
	diag_clear(&diag);
	return 0;
}

static double now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static struct device device_read(struct driver *driver)
{
	struct device device = {0};
	struct diag diag = {0};
	if (driver->controller.ops->read_device(
		    driver->controller.impl, driver->name, &device, &diag) != 0)
		die("read", &diag);
	return device;
}

/* Makes the device what `desired` says. */
static void device_become(
	struct driver *driver, const struct peer_table *actual, const struct peer_table *desired)
{
	struct endpoint_memory memory = {0};
	struct peer_diff diff = {0};
	struct diag diag = {0};
	if (diff_compute(desired, actual, &memory, 0, &diff) != 0)
		die("diff", &diag);
	size_t count = peer_diff_op_count(&diff);
	struct peer_op_result *results =
		executor_run(&driver->controller, driver->name, diff.ops, count);
	for (size_t i = 0; i < count; i++) {
		if (!results[i].error)
			continue;
		diag_fail(&diag, results[i].error, "%s", results[i].error_text);
		die(key_public_format(peer_op_key(&diff.ops[i])).text, &diag);
	}
	peer_op_results_free(results, count);
	peer_diff_clear(&diff);
}

/* `peer` with or without `prefix`. */
static struct peer_config peer_with(const struct peer_config *peer, const struct prefix *prefix,
	bool has_it, struct prefix *room)
{
	struct peer_config changed = *peer;
	size_t count = 0;
	for (size_t i = 0; i < peer->allowed_ip_count; i++)
		if (!prefix_equal(&peer->allowed_ips[i], prefix))
			room[count++] = peer->allowed_ips[i];
	if (has_it)
		room[count++] = *prefix;
	changed.allowed_ips = room;
	changed.allowed_ip_count = (uint32_t)prefixes_normalize(room, count);
	return changed;
}

/* The device becomes as it is, but that `prefix` is on `owner`, or on nobody if that is NULL. */
static void prefix_place(
	struct driver *driver, const struct prefix *prefix, const struct key_public *owner)
{
	struct device device = device_read(driver);
	struct peer_table desired = {0};
	struct diag diag = {0};
	for (size_t i = 0; i < device.peers.count; i++) {
		const struct peer_config *peer = &device.peers.peers[i];
		struct prefix *room = calloc(peer->allowed_ip_count + 1, sizeof *room);
		bool has_it = owner && key_public_equal(owner, &peer->public_key);
		struct peer_config changed = peer_with(peer, prefix, has_it, room);
		if (peer_table_append(&desired, &changed) != 0)
			die("memory", &diag);
		free(room);
	}
	if (peer_table_seal(&desired, &diag) != 0)
		die("seal", &diag);
	device_become(driver, &device.peers, &desired);
	peer_table_clear(&desired);
	device_clear(&device);
}

static int change(struct driver *driver, char **arguments)
{
	struct key_public a, b;
	struct prefix prefix;
	struct diag diag = {0};
	if (key_public_parse(arguments[0], strlen(arguments[0]), &a, &diag) != 0 ||
		key_public_parse(arguments[1], strlen(arguments[1]), &b, &diag) != 0 ||
		prefix_parse(arguments[2], strlen(arguments[2]), &prefix, &diag) != 0)
		die("arguments", &diag);
	for (int round = atoi(arguments[3]); round > 0; round--) {
		prefix_place(driver, &prefix, &a);
		prefix_place(driver, &prefix, &b);
		prefix_place(driver, &prefix, NULL);
	}
	printf("%zu requests\n", driver->kernel.wg.set_count);
	return 0;
}

static struct peer_config peer_numbered(unsigned number, struct prefix *prefix)
{
	char text[64];
	struct peer_config peer = {.persistent_keepalive_s = 25};
	crypto_generichash(peer.public_key.bytes, KEY_BYTES, (const unsigned char *)&number,
		sizeof number, NULL, 0);
	crypto_generichash(peer.psk.bytes, KEY_BYTES, peer.public_key.bytes, KEY_BYTES, NULL, 0);
	snprintf(text, sizeof text, "10.%u.%u.%u/32", number >> 16 & 0xff, number >> 8 & 0xff,
		number & 0xff);
	prefix_parse(text, strlen(text), prefix, NULL);
	peer.allowed_ips = prefix;
	peer.allowed_ip_count = 1;
	snprintf(text, sizeof text, "192.0.2.%u:%u", number % 250 + 1, number % 60000 + 1);
	char host[ENDPOINT_HOST_MAX + 1];
	endpoint_parse(text, strlen(text), host, &peer.endpoint, NULL);
	return peer;
}

static int config(unsigned count)
{
	printf("[Interface]\n");
	for (unsigned i = 0; i < count; i++) {
		struct prefix prefix;
		struct key_public psk;
		struct peer_config peer = peer_numbered(i, &prefix);
		memcpy(psk.bytes, peer.psk.bytes, KEY_BYTES);
		printf("[Peer]\nPublicKey = %s\nPresharedKey = %s\nAllowedIPs = %s\n"
		       "Endpoint = %s\nPersistentKeepalive = %u\n",
			key_public_format(&peer.public_key).text, key_public_format(&psk).text,
			prefix_format(&prefix).text, endpoint_format(&peer.endpoint).text,
			peer.persistent_keepalive_s);
	}
	return 0;
}

static int fill(struct driver *driver, unsigned count)
{
	struct peer_table desired = {0};
	struct diag diag = {0};
	for (unsigned i = 0; i < count; i++) {
		struct prefix prefix;
		struct peer_config peer = peer_numbered(i, &prefix);
		if (peer_table_append(&desired, &peer) != 0)
			die("memory", &diag);
	}
	if (peer_table_seal(&desired, &diag) != 0)
		die("seal", &diag);
	double begin = now_ms();
	struct device device = device_read(driver);
	device_become(driver, &device.peers, &desired);
	printf("filled with %u peers in %.0f ms by %zu requests\n", count, now_ms() - begin,
		driver->kernel.wg.set_count);
	device_clear(&device);
	peer_table_clear(&desired);
	return 0;
}

/* All that the kernel sends, not looked at. */
static void raw_dump(struct driver *driver)
{
	struct diag diag = {0};
	struct wg_target target = {.index = (int)if_nametoindex(driver->name)};
	if (wg_socket_family(&driver->kernel.wg, &target.family, &diag) != 0)
		die("family", &diag);
	struct nl_msg *message = wg_encode_get(&target);
	if (genl_socket_exchange(&driver->kernel.wg.genl, message, NULL, NULL, &diag) != 0)
		die("dump", &diag);
	wg_message_free(message);
}

static void read_only(struct driver *driver)
{
	struct device device = device_read(driver);
	device_clear(&device);
}

static void read_and_compare(struct driver *driver)
{
	static struct device known;
	struct device device = device_read(driver);
	struct endpoint_memory memory = {0};
	struct peer_diff diff = {0};
	struct diag diag = {0};
	if (!known.peers.count)
		known = device_read(driver);
	if (diff_compute(&known.peers, &device.peers, &memory, 0, &diff) != 0 ||
		peer_diff_op_count(&diff) != 0)
		die("diff", &diag);
	peer_diff_clear(&diff);
	device_clear(&device);
}

static void figure(
	struct driver *driver, const char *what, void (*run)(struct driver *driver), int rounds)
{
	double best = 1e9;
	run(driver);
	for (int i = 0; i < rounds; i++) {
		double begin = now_ms();
		run(driver);
		double took = now_ms() - begin;
		best = took < best ? took : best;
	}
	printf("%-18s %8.1f ms\n", what, best);
}

static int figures(struct driver *driver, int rounds)
{
	figure(driver, "raw dump", raw_dump, rounds);
	figure(driver, "read", read_only, rounds);
	figure(driver, "read and compare", read_and_compare, rounds);
	return 0;
}

int main(int count, char **arguments)
{
	struct driver driver;
	struct diag diag = {0};
	const char *command = count > 1 ? arguments[1] : "";
	if (sodium_init() < 0)
		return 1;
	if (count == 3 && strcmp(command, "config") == 0)
		return config((unsigned)atoi(arguments[2]));
	if (count == 2 && strcmp(command, "available") == 0)
		return available();
	if (kernel_controller_init(&driver.kernel, &diag) != 0)
		die("init", &diag);
	driver.controller = kernel_controller(&driver.kernel);
	driver.name = count > 2 ? arguments[2] : "";
	if (count == 7 && strcmp(command, "change") == 0)
		return change(&driver, arguments + 3);
	if (count == 4 && strcmp(command, "fill") == 0)
		return fill(&driver, (unsigned)atoi(arguments[3]));
	if (count == 4 && strcmp(command, "figures") == 0)
		return figures(&driver, atoi(arguments[3]));
	fprintf(stderr, "kernel_driver: see the beginning of its source\n");
	return 64;
}
