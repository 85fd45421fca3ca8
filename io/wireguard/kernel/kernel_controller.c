/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel_controller.h"

#include "curve.h"
#include "diag.h"
#include "executor.h"

#include <errno.h>
#include <net/if.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each removal locks all links of the system for some milliseconds. */
#define REMOVALS_IN_MESSAGE 64

/* Resolve the zone of a link-local endpoint: an interface name, or an index in decimal. */
static int zone_index(const char *zone, uint32_t *ret)
{
	unsigned index = if_nametoindex(zone);
	if (index == 0) {
		char *end;
		unsigned long value = strtoul(zone, &end, 10);
		if (*end != '\0' || end == zone || value == 0 || value > UINT32_MAX)
			return -ENXIO;
		index = (unsigned)value;
	}
	*ret = index;
	return 0;
}

/* Replace the kernel's zone indexes by names. The index of a vanished link stays a number. */
static void zones_name(struct peer_table *peers)
{
	for (size_t i = 0; i < peers->count; i++) {
		struct endpoint *endpoint = &peers->peers[i].endpoint;
		char name[IF_NAMESIZE];
		if (endpoint->zone[0] &&
			if_indextoname((unsigned)strtoul(endpoint->zone, NULL, 10), name))
			snprintf(endpoint->zone, sizeof endpoint->zone, "%s", name);
	}
}

static int peers_read(struct wg_socket *wg, int index, struct device *ret, struct diag *diag)
{
	struct device device = {0};
	int error = wg_socket_read(wg, index, &device, diag);
	if (error)
		return error;
	zones_name(&device.peers);
	*ret = device;
	return 0;
}

static int channel_read(void *impl, int index, struct device *ret, struct diag *diag)
{
	return peers_read(impl, index, ret, diag);
}

static int channel_ask_prefix_removal(void *impl, enum wg_prefix_removal *ret, struct diag *diag)
{
	return wg_socket_ask_prefix_removal(impl, ret, diag);
}

int kernel_controller_init(struct kernel_controller *kernel, struct diag *diag)
{
	*kernel = (struct kernel_controller){
		.link = {.kind = "wireguard", .what = "WireGuard interface"}};
	int error = link_open(&kernel->link.link, 0, diag);
	if (error)
		return error;
	error = wg_socket_open(&kernel->wg, diag);
	if (error) {
		link_close(&kernel->link.link);
		return error;
	}
	kernel->apply = (struct wg_apply){
		.channel =
			{
				.set = wg_socket_set,
				.set_all = wg_socket_set_all,
				.read = channel_read,
				.ask_prefix_removal = channel_ask_prefix_removal,
				.impl = &kernel->wg,
			},
		.limits =
			{
				.bytes = kernel->wg.netlink.message_bytes_max,
				.removals = REMOVALS_IN_MESSAGE,
				.pieces = SIZE_MAX,
				.messages =
					kernel->wg.netlink.message_bytes_max / WG_MESSAGE_BYTES_MAX,
			},
		.random_bytes = randombytes_buf,
		.zone_index = zone_index,
		.peer_count_seen = SIZE_MAX,
	};
	return 0;
}

void kernel_controller_deinit(struct kernel_controller *kernel)
{
	wg_socket_close(&kernel->wg);
	link_close(&kernel->link.link);
}

bool kernel_controller_available(struct diag *diag)
{
	struct wg_socket wg;
	uint16_t family;
	if (wg_socket_open(&wg, diag) != 0)
		return false;
	int error = wg_socket_family(&wg, &family, diag);
	wg_socket_close(&wg);
	return !error;
}

/* Resolve the interface's name to a target for WireGuard requests. */
static int target_find(struct kernel_controller *kernel, const char *name, struct wg_target *ret,
	struct diag *diag)
{
	struct link_info info;
	int error = wg_link_read(&kernel->link, name, &info, diag);
	if (!error)
		error = wg_socket_family(&kernel->wg, &ret->family, diag);
	if (!error)
		ret->index = info.index;
	return error;
}

/* Name the port, which another program uses. */
static int port_wrap(struct diag *diag, int error, const char *name, uint16_t listen_port)
{
	return diag_wrap(diag, error, "UDP port %u of %s", listen_port, name);
}

/* Set key and port, each only if it differs: setting a key resets all sessions. */
static int kernel_device_put_right(struct kernel_controller *kernel, const char *name,
	const struct wg_target *target, const struct key_secret *private_key, uint16_t listen_port,
	struct diag *diag)
{
	struct device device = {0};
	int error = wg_socket_read_settings(&kernel->wg, target->index, &device, diag);
	if (error)
		return error;
	struct key_public public_key;
	key_public_derive(private_key, &public_key);
	bool key_differs = !key_public_equal(&device.public_key, &public_key);
	bool port_differs = device.listen_port != listen_port;
	device_clear(&device);
	if (!key_differs && !port_differs)
		return 0;
	struct nl_msg *message = wg_encode_device(
		target, key_differs ? private_key : NULL, port_differs ? &listen_port : NULL);
	error = message ? wg_socket_set(&kernel->wg, message, NULL, diag)
			: diag_fail_errno(diag, -ENOMEM);
	wg_message_free(message);
	return error == -EADDRINUSE ? port_wrap(diag, error, name, listen_port) : error;
}

static int kernel_create_interface(void *impl, const char *name,
	const struct key_secret *private_key, uint16_t listen_port, struct diag *diag)
{
	struct kernel_controller *kernel = impl;
	struct wg_target target;
	int error = target_find(kernel, name, &target, diag);
	if (error == -ENODEV) {
		error = link_create(&kernel->link.link, name, kernel->link.kind, diag);
		if (error == -EOPNOTSUPP)
			return diag_wrap(diag, error, "the kernel has no WireGuard");
		/* -EEXIST: another program created it first; adopt it if it is WireGuard. */
		if (error && error != -EEXIST)
			return error;
		error = target_find(kernel, name, &target, diag);
	}
	if (error)
		return error;
	return kernel_device_put_right(kernel, name, &target, private_key, listen_port, diag);
}

static int kernel_set_fwmark(void *impl, const char *name, uint32_t fwmark, struct diag *diag)
{
	struct kernel_controller *kernel = impl;
	struct wg_target target;
	struct device device = {0};
	int error = target_find(kernel, name, &target, diag);
	if (!error)
		error = wg_socket_read_settings(&kernel->wg, target.index, &device, diag);
	if (error)
		return error;
	bool differs = device.fwmark != fwmark;
	device_clear(&device);
	if (!differs)
		return 0;
	struct nl_msg *message = wg_encode_fwmark(&target, fwmark);
	error = message ? wg_socket_set(&kernel->wg, message, NULL, diag)
			: diag_fail_errno(diag, -ENOMEM);
	wg_message_free(message);
	return error;
}

static int kernel_delete_interface(
	void *impl, const char *name, bool *ret_existed, struct diag *diag)
{
	struct kernel_controller *kernel = impl;
	struct link_info info;
	int error = wg_link_read(&kernel->link, name, &info, diag);
	if (!error)
		error = link_delete(&kernel->link.link, info.index, diag);
	if (error && error != -ENODEV)
		return error;
	*ret_existed = !error;
	return 0;
}

/* WireGuard opens its socket when the link goes up, so a port conflict appears only here. */
static int kernel_set_interface_up(void *impl, const char *name, struct diag *diag)
{
	struct kernel_controller *kernel = impl;
	struct wg_target target;
	struct device device = {0};
	int error = wg_link_set_up(&kernel->link, name, diag);
	if (error != -EADDRINUSE)
		return error;
	if (target_find(kernel, name, &target, NULL) == 0 &&
		wg_socket_read_settings(&kernel->wg, target.index, &device, NULL) == 0)
		error = port_wrap(diag, error, name, device.listen_port);
	device_clear(&device);
	return error;
}

static int kernel_add_peer(
	void *impl, const char *name, const struct peer_op *op, struct diag *diag)
{
	struct kernel_controller *kernel = impl;
	struct wg_target target;
	int error = target_find(kernel, name, &target, diag);
	return error ? error : wg_apply_set(&kernel->apply, &target, op, diag);
}

static int kernel_remove_peer(
	void *impl, const char *name, const struct key_public *key, struct diag *diag)
{
	struct kernel_controller *kernel = impl;
	struct wg_target target;
	int error = target_find(kernel, name, &target, diag);
	if (error)
		return error;
	struct nl_msg *message = wg_encode_remove(&target, key);
	error = message ? wg_socket_set(&kernel->wg, message, NULL, diag)
			: diag_fail_errno(diag, -ENOMEM);
	wg_message_free(message);
	return error;
}

/* Read the link last: if its index has changed, the rest was read from another link. */
static int link_side_read(struct kernel_controller *kernel, const char *name, int index,
	struct device *device, struct diag *diag)
{
	struct link_info info;
	int error = link_list_addresses(
		&kernel->link.link, index, &device->addresses, &device->address_count, diag);
	if (!error)
		error = wg_link_read(&kernel->link, name, &info, diag);
	if (error)
		return error;
	if (info.index != index)
		return diag_fail(diag, -ENODEV, "the interface was replaced while it was read");
	device->mtu = info.mtu;
	device->up = info.up;
	return 0;
}

/* Read WireGuard's settings through `read`, then the link. */
static int both_sides_read(struct kernel_controller *kernel, const char *name,
	int (*read)(struct wg_socket *wg, int index, struct device *ret, struct diag *diag),
	struct device *ret, struct diag *diag)
{
	struct wg_target target;
	struct device device = {0};
	int error = target_find(kernel, name, &target, diag);
	if (!error)
		error = read(&kernel->wg, target.index, &device, diag);
	if (!error)
		error = link_side_read(kernel, name, target.index, &device, diag);
	if (error)
		device_clear(&device);
	else
		*ret = device;
	return error;
}

static int kernel_read_device(void *impl, const char *name, struct device *ret, struct diag *diag)
{
	struct kernel_controller *kernel = impl;
	int error = both_sides_read(kernel, name, peers_read, ret, diag);
	if (!error)
		kernel->apply.peer_count_seen = ret->peers.count;
	return error;
}

static int read_interface(void *impl, const char *name, struct device *ret, struct diag *diag)
{
	return both_sides_read(impl, name, wg_socket_read_settings, ret, diag);
}

static void kernel_apply(void *impl, const char *name, const struct peer_op *ops, size_t op_count,
	struct peer_op_result *results, const struct pause *pause)
{
	struct kernel_controller *kernel = impl;
	struct wg_target target;
	struct diag diag = {0};
	int error = target_find(kernel, name, &target, &diag);
	if (!error)
		wg_apply_ops(&kernel->apply, &target, ops, op_count, results, pause);
	for (size_t i = 0; error && i < op_count; i++) {
		results[i] = (struct peer_op_result){0};
		peer_op_result_fail(&results[i], error, &diag);
	}
	diag_clear(&diag);
}

_Static_assert(offsetof(struct kernel_controller, link) == 0, "see wg_link.h");

static const struct controller_ops kernel_ops = {
	.create_interface = kernel_create_interface,
	.set_fwmark = kernel_set_fwmark,
	.delete_interface = kernel_delete_interface,
	.configure_address = wg_link_configure_address,
	.check_address = wg_link_check_address,
	.set_interface_up = kernel_set_interface_up,
	.set_mtu = wg_link_set_mtu,
	.add_peer = kernel_add_peer,
	.remove_peer = kernel_remove_peer,
	.read_device = kernel_read_device,
	.read_interface = read_interface,
	.apply = kernel_apply,
};

struct controller kernel_controller(struct kernel_controller *kernel)
{
	return (struct controller){&kernel_ops, kernel};
}
