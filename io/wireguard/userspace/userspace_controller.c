/* SPDX-License-Identifier: Apache-2.0 */
#include "userspace_controller.h"

#include "curve.h"
#include "deadline.h"
#include "diag.h"
#include "uapi.h"
#include "userspace_device.h"
#include "userspace_peers.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#define END_TIMEOUT_MS 5000
#define END_POLL_MS    5
/* Time to end for a program whose link another program has just deleted. */
#define LEFTOVER_TIMEOUT_MS 1000

int userspace_controller_init(struct userspace_controller *userspace, struct diag *diag)
{
	*userspace = (struct userspace_controller){
		.link = {.kind = "tun", .what = "userspace WireGuard interface"}};
	return link_open(&userspace->link.link, 0, diag);
}

int userspace_controller_start_helper(struct userspace_controller *userspace, struct diag *diag)
{
	int error =
		spawn_helper_start(&userspace->helper, &userspace->program, &userspace->uapi, diag);
	userspace->has_helper = error == 0;
	return error;
}

void userspace_controller_deinit(struct userspace_controller *userspace)
{
	if (userspace->has_helper)
		spawn_helper_stop(&userspace->helper);
	link_close(&userspace->link.link);
}

/* Check that a program answers for the link; otherwise the link is not ours. */
static int backend_require(
	struct userspace_controller *userspace, const char *name, struct diag *diag)
{
	int error = uapi_socket_probe(&userspace->uapi, name, diag);
	if (error == UAPI_SOCKET_MISSING || error == UAPI_SOCKET_DEAD)
		return diag_fail(diag, -EEXIST,
			"the link is there, but no WireGuard program answers for it (%s socket)",
			error == UAPI_SOCKET_MISSING ? "no" : "dead");
	return error;
}

/* Check the dialect: the link of a program that speaks another one is not ours. */
static int dialect_check(
	struct userspace_controller *userspace, const char *name, struct diag *diag)
{
	struct device device = {0};
	int error = userspace_device_read(&userspace->uapi, name, &device, diag);
	device_clear(&device);
	return error == -EPROTONOSUPPORT ? error : 0;
}

/* Result of backend_end_wait: the program has not ended in time. */
#define BACKEND_RUNS 1

/* Wait until no program answers. Returns 0, BACKEND_RUNS, or -EACCES for an untrusted program. */
static int backend_end_wait(
	struct userspace_controller *userspace, const char *name, int timeout_ms, struct diag *diag)
{
	struct deadline deadline = deadline_in(timeout_ms);
	for (;;) {
		int error = uapi_socket_probe(&userspace->uapi, name, diag);
		if (error == UAPI_SOCKET_MISSING || error == UAPI_SOCKET_DEAD)
			return 0;
		if (error == -EACCES)
			return error;
		if (deadline_left_ms(deadline) == 0)
			return BACKEND_RUNS;
		poll(NULL, 0, END_POLL_MS);
	}
}

/* For a name whose program has ended: a live socket is another's, which is an error. */
static int ended_socket_remove(
	struct userspace_controller *userspace, const char *name, struct diag *diag)
{
	int error = uapi_socket_remove_dead(&userspace->uapi, name, diag);
	return error == UAPI_SOCKET_LIVE ? diag_fail_errno(diag, -EADDRINUSE) : error;
}

static int link_start(struct userspace_controller *userspace, const char *name, struct diag *diag)
{
	int error = backend_end_wait(userspace, name, LEFTOVER_TIMEOUT_MS, diag);
	if (error == BACKEND_RUNS)
		return diag_fail(diag, -EEXIST,
			"a WireGuard program answers for the name, but it has no link here: in "
			"another network namespace?");
	if (!error)
		error = ended_socket_remove(userspace, name, diag);
	if (error)
		return error;
	error = userspace->has_helper
			? spawn_helper_ask(&userspace->helper, name, diag)
			: backend_start(&userspace->program, name, &userspace->uapi, diag);
	if (error)
		return error;
	struct link_info info;
	error = wg_link_read(&userspace->link, name, &info, diag);
	return error == -ENODEV ? diag_fail(diag, -EIO, "the program made no link of that name")
				: error;
}

/* Set key and port, each only if it differs: setting a key resets all sessions. */
static int userspace_device_put_right(struct userspace_controller *userspace, const char *name,
	const struct key_secret *private_key, uint16_t listen_port, struct diag *diag)
{
	struct device device = {0};
	int error = userspace_device_read(&userspace->uapi, name, &device, diag);
	if (error)
		return error;
	struct key_public public_key;
	key_public_derive(private_key, &public_key);
	bool key_differs = !key_public_equal(&device.public_key, &public_key);
	bool port_differs = device.listen_port != listen_port;
	device_clear(&device);
	if (!key_differs && !port_differs)
		return 0;
	struct secret_buffer request = {0};
	bool is_refused;
	uapi_begin_set(&request);
	uapi_put_device(
		&request, key_differs ? private_key : NULL, port_differs ? &listen_port : NULL);
	uapi_end(&request);
	error = userspace_device_set(&userspace->uapi, name, &request, &is_refused, diag);
	secret_buffer_clear(&request);
	return error == -EADDRINUSE ? diag_wrap(diag, error, "UDP port %u of %s", listen_port, name)
				    : error;
}

static int userspace_create_interface(void *impl, const char *name,
	const struct key_secret *private_key, uint16_t listen_port, struct diag *diag)
{
	struct userspace_controller *userspace = impl;
	struct link_info info;
	int error = wg_link_read(&userspace->link, name, &info, diag);
	if (error == -ENODEV)
		error = link_start(userspace, name, diag);
	else if (!error)
		error = backend_require(userspace, name, diag);
	if (error)
		return error;
	return userspace_device_put_right(userspace, name, private_key, listen_port, diag);
}

static int userspace_set_fwmark(void *impl, const char *name, uint32_t fwmark, struct diag *diag)
{
	struct userspace_controller *userspace = impl;
	struct device device = {0};
	struct link_info info;
	int error = wg_link_read(&userspace->link, name, &info, diag);
	if (!error)
		error = userspace_device_read(&userspace->uapi, name, &device, diag);
	if (error)
		return error;
	bool differs = device.fwmark != fwmark;
	device_clear(&device);
	if (!differs)
		return 0;
	struct secret_buffer request = {0};
	bool is_refused;
	uapi_begin_set(&request);
	uapi_put_fwmark(&request, fwmark);
	uapi_end(&request);
	error = userspace_device_set(&userspace->uapi, name, &request, &is_refused, diag);
	secret_buffer_clear(&request);
	return error;
}

static int userspace_delete_interface(
	void *impl, const char *name, bool *ret_existed, struct diag *diag)
{
	struct userspace_controller *userspace = impl;
	struct link_info info;
	int error = wg_link_read(&userspace->link, name, &info, diag);
	if (error == -ENODEV) {
		/* A live socket belongs to a link in another network namespace: leave it. */
		error = uapi_socket_remove_dead(&userspace->uapi, name, diag);
		*ret_existed = false;
		return error == UAPI_SOCKET_LIVE || error == -EACCES ? 0 : error;
	}
	if (!error)
		error = backend_require(userspace, name, diag);
	if (!error)
		error = dialect_check(userspace, name, diag);
	if (!error)
		error = link_delete(&userspace->link.link, info.index, diag);
	if (error && error != -ENODEV)
		return error;
	*ret_existed = !error;
	/* The program ends when its link is deleted. Until then the name is in use. */
	if (backend_end_wait(userspace, name, END_TIMEOUT_MS, diag) != 0)
		return diag_fail(diag, -ETIMEDOUT,
			"the link is deleted, but the userspace program has not ended");
	return ended_socket_remove(userspace, name, diag);
}

static int userspace_read_device(
	void *impl, const char *name, struct device *ret, struct diag *diag)
{
	struct userspace_controller *userspace = impl;
	struct link_info info;
	struct device device = {0};
	int error = wg_link_read(&userspace->link, name, &info, diag);
	if (!error)
		error = userspace_device_read(&userspace->uapi, name, &device, diag);
	if (!error)
		error = link_list_addresses(&userspace->link.link, info.index, &device.addresses,
			&device.address_count, diag);
	if (error) {
		device_clear(&device);
		return error;
	}
	device.mtu = info.mtu;
	device.up = info.up;
	*ret = device;
	return 0;
}

_Static_assert(offsetof(struct userspace_controller, link) == 0, "see wg_link.h");

static const struct controller_ops userspace_ops = {
	.create_interface = userspace_create_interface,
	.set_fwmark = userspace_set_fwmark,
	.delete_interface = userspace_delete_interface,
	.configure_address = wg_link_configure_address,
	.check_address = wg_link_check_address,
	.set_interface_up = wg_link_set_up,
	.set_mtu = wg_link_set_mtu,
	.add_peer = userspace_add_peer,
	.remove_peer = userspace_remove_peer,
	.read_device = userspace_read_device,
	.apply = userspace_apply,
};

struct controller userspace_controller(struct userspace_controller *userspace)
{
	return (struct controller){&userspace_ops, userspace};
}
