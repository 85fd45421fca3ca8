/* SPDX-License-Identifier: Apache-2.0 */
#include "controller_choice.h"

#include "backend.h"
#include "diag.h"
#include "link.h"

#include <errno.h>
#include <string.h>

static int open_kernel(struct controller_handle *handle, struct diag *diag)
{
	int error = kernel_controller_init(&handle->kernel, diag);
	if (error)
		return diag_wrap(diag, error, "controller: kernel");
	handle->controller = kernel_controller(&handle->kernel);
	handle->name = "kernel";
	return 0;
}

static int open_userspace(struct controller_handle *handle, struct diag *diag)
{
	int error = userspace_controller_init(&handle->userspace, diag);
	if (error)
		return diag_wrap(diag, error, "controller: userspace");
	handle->controller = userspace_controller(&handle->userspace);
	handle->name = "userspace";
	return 0;
}

static int open_sim(struct controller_handle *handle)
{
	sim_controller_init(&handle->sim, (struct sim_recorder){0});
	handle->controller = sim_controller(&handle->sim);
	handle->name = "sim";
	return 0;
}

/* Choose by the existing interface; `*ret` is CONTROLLER_AUTO if there is none. */
static int choice_by_interface(
	const char *interface, enum controller_choice *ret, struct diag *diag)
{
	struct link link = {0};
	struct link_info info = {0};
	struct uapi_socket uapi = {0};
	int error = link_open(&link, 0, diag);
	if (error)
		return error;
	error = link_read(&link, interface, &info, diag);
	link_close(&link);
	*ret = CONTROLLER_AUTO;
	if (error == -ENODEV)
		return 0;
	if (error)
		return error;
	if (strcmp(info.kind, "wireguard") == 0) {
		*ret = CONTROLLER_KERNEL;
		return 0;
	}
	if (strcmp(info.kind, "tun") == 0)
		error = uapi_socket_probe(&uapi, interface, diag);
	else
		error = UAPI_SOCKET_MISSING;
	if (error == UAPI_SOCKET_MISSING || error == UAPI_SOCKET_DEAD)
		return diag_fail(
			diag, -EEXIST, "%s is there and is no WireGuard interface", interface);
	*ret = CONTROLLER_USERSPACE;
	return error;
}

static int choice_by_system(enum controller_choice *ret, struct diag *diag)
{
	struct diag kernel = {0};
	struct backend_path path;
	int error = 0;
	if (kernel_controller_available(&kernel))
		*ret = CONTROLLER_KERNEL;
	else if (backend_find(&path, NULL) == 0)
		*ret = CONTROLLER_USERSPACE;
	else
		error = diag_fail(diag, -EOPNOTSUPP,
			"this kernel has no WireGuard (%s) and no userspace program for it is "
			"installed; on Debian: `apt install wireguard-go`",
			diag_text(&kernel));
	diag_clear(&kernel);
	return error;
}

int controller_open(enum controller_choice choice, const char *interface,
	struct controller_handle *ret, struct diag *diag)
{
	int error = 0;
	if (choice == CONTROLLER_AUTO)
		error = choice_by_interface(interface, &choice, diag);
	if (!error && choice == CONTROLLER_AUTO)
		error = choice_by_system(&choice, diag);
	if (error)
		return diag_wrap(diag, error, "controller");
	ret->choice = choice;
	switch (choice) {
	case CONTROLLER_KERNEL:
		return open_kernel(ret, diag);
	case CONTROLLER_SIM:
		return open_sim(ret);
	case CONTROLLER_AUTO:
	case CONTROLLER_USERSPACE:
		break;
	}
	return open_userspace(ret, diag);
}

void controller_close(struct controller_handle *handle)
{
	if (!handle->name)
		return;
	switch (handle->choice) {
	case CONTROLLER_KERNEL:
		kernel_controller_deinit(&handle->kernel);
		break;
	case CONTROLLER_SIM:
		sim_controller_deinit(&handle->sim);
		break;
	case CONTROLLER_AUTO:
	case CONTROLLER_USERSPACE:
		userspace_controller_deinit(&handle->userspace);
		break;
	}
	handle->name = NULL;
}
