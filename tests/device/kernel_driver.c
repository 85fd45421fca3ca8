/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drives the kernel's controller from a script, in the machine that the script runs in.
 *
 *     kernel_driver available
 *             Prints whether the kernel has WireGuard, or why not.
 *     kernel_driver config COUNT
 *             Prints so many peers as wg(8) reads them.
 *     kernel_driver state COUNT
 *             Prints the same peers as a state document.
 *     kernel_driver fill NAME COUNT
 *             Gives the device these peers by one operation list; prints the time from the read of
 *             the device to the last answer, and how many requests it took.
 *     kernel_driver figures NAME ROUNDS
 *             Reads the device again and again; prints the median time of each kind of read.
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

/* A peer as text, the same for the same number. */
struct peer_text {
	struct key_text key, psk;
	char allowed_ip[32], endpoint[32];
};

static struct peer_text peer_numbered(unsigned number)
{
	struct peer_text peer;
	struct key_public key, psk;
	crypto_generichash(
		key.bytes, KEY_BYTES, (const unsigned char *)&number, sizeof number, NULL, 0);
	crypto_generichash(psk.bytes, KEY_BYTES, key.bytes, KEY_BYTES, NULL, 0);
	peer.key = key_public_format(&key);
	peer.psk = key_public_format(&psk);
	snprintf(peer.allowed_ip, sizeof peer.allowed_ip, "10.%u.%u.%u/32", number >> 16 & 0xff,
		number >> 8 & 0xff, number & 0xff);
	snprintf(peer.endpoint, sizeof peer.endpoint, "192.0.2.%u:%u", number % 250 + 1,
		number % 60000 + 1);
	return peer;
}

static int config(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct peer_text peer = peer_numbered(i);
		printf("[Peer]\nPublicKey = %s\nPresharedKey = %s\nAllowedIPs = %s\n"
		       "Endpoint = %s\n",
			peer.key.text, peer.psk.text, peer.allowed_ip, peer.endpoint);
	}
	return 0;
}

static int state(unsigned count)
{
	printf("{\"peers\":[");
	for (unsigned i = 0; i < count; i++) {
		struct peer_text peer = peer_numbered(i);
		printf("%s{\"id\":\"peer-%u\",\"public_key\":\"%s\",\"psk\":\"%s\","
		       "\"mesh_ip\":\"10.0.0.1\",\"allowed_ips\":[\"%s\"],\"endpoint\":\"%s\"}",
			i ? "," : "", i, peer.key.text, peer.psk.text, peer.allowed_ip,
			peer.endpoint);
	}
	puts("]}");
	return 0;
}

static void peer_append(struct peer_table *table, unsigned number)
{
	struct peer_text text = peer_numbered(number);
	struct key_public psk;
	struct prefix prefix;
	struct diag diag = {0};
	struct peer_config peer = {.allowed_ips = &prefix, .allowed_ip_count = 1};
	char host[ENDPOINT_HOST_MAX + 1];
	if (key_public_parse(text.key.text, strlen(text.key.text), &peer.public_key, &diag) != 0 ||
		key_public_parse(text.psk.text, strlen(text.psk.text), &psk, &diag) != 0 ||
		prefix_parse(text.allowed_ip, strlen(text.allowed_ip), &prefix, &diag) != 0 ||
		endpoint_parse(text.endpoint, strlen(text.endpoint), host, &peer.endpoint, &diag) !=
			0)
		die("peer", &diag);
	memcpy(peer.psk.bytes, psk.bytes, KEY_BYTES);
	if (peer_table_append(table, &peer) != 0)
		die("memory", &diag);
}

static int fill(struct driver *driver, unsigned count)
{
	struct peer_table desired = {0};
	struct endpoint_history memory = {0};
	struct peer_diff diff = {0};
	struct diag diag = {0};
	for (unsigned i = 0; i < count; i++)
		peer_append(&desired, i);
	if (peer_table_seal(&desired, &diag) != 0)
		die("seal", &diag);
	double begin = now_ms();
	struct device device = device_read(driver);
	if (diff_compute(&desired, &device.peers, &memory, (struct moment){0}, &diff) != 0)
		die("diff", &diag);
	struct peer_op_result *results =
		executor_run(&driver->controller, driver->name, diff.ops, count, NULL);
	for (size_t i = 0; i < count; i++)
		if (results[i].error)
			die(results[i].error_text, &diag);
	printf("cold_pass %.0f\ncold_sends %zu\n", now_ms() - begin,
		driver->kernel.wg.netlink.sent_count);
	peer_op_results_free(results, count);
	peer_diff_clear(&diff);
	device_clear(&device);
	peer_table_clear(&desired);
	return 0;
}

/* Everything that the kernel sends, unread. */
static void raw_dump(struct driver *driver)
{
	struct diag diag = {0};
	struct wg_target target = {.index = (int)if_nametoindex(driver->name)};
	if (wg_socket_family(&driver->kernel.wg, &target.family, &diag) != 0)
		die("family", &diag);
	struct nl_msg *message = wg_encode_get(&target);
	if (netlink_socket_exchange(&driver->kernel.wg.netlink, message, NULL, NULL, &diag) != 0)
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
	struct endpoint_history memory = {0};
	struct peer_diff diff = {0};
	struct diag diag = {0};
	if (!known.peers.count)
		known = device_read(driver);
	if (diff_compute(&known.peers, &device.peers, &memory, (struct moment){0}, &diff) != 0 ||
		peer_diff_op_count(&diff) != 0)
		die("diff", &diag);
	peer_diff_clear(&diff);
	device_clear(&device);
}

static int compare_times(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static void figure(
	struct driver *driver, const char *what, void (*run)(struct driver *driver), int rounds)
{
	double *times = calloc((size_t)rounds, sizeof *times);
	if (!times)
		exit(1);
	run(driver);
	for (int i = 0; i < rounds; i++) {
		double begin = now_ms();
		run(driver);
		times[i] = now_ms() - begin;
	}
	qsort(times, (size_t)rounds, sizeof *times, compare_times);
	printf("%s %.0f\n", what, times[rounds / 2]);
	free(times);
}

static int figures(struct driver *driver, int rounds)
{
	figure(driver, "raw_dump", raw_dump, rounds);
	figure(driver, "read", read_only, rounds);
	figure(driver, "pass", read_and_compare, rounds);
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
	if (count == 3 && strcmp(command, "state") == 0)
		return state((unsigned)atoi(arguments[2]));
	if (count == 2 && strcmp(command, "available") == 0)
		return available();
	if (kernel_controller_init(&driver.kernel, &diag) != 0)
		die("init", &diag);
	driver.controller = kernel_controller(&driver.kernel);
	driver.name = count > 2 ? arguments[2] : "";
	if (count == 4 && strcmp(command, "fill") == 0)
		return fill(&driver, (unsigned)atoi(arguments[3]));
	if (count == 4 && strcmp(command, "figures") == 0)
		return figures(&driver, atoi(arguments[3]));
	fprintf(stderr, "kernel_driver: see the beginning of its source\n");
	return 64;
}
