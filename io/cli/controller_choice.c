#include "controller_choice.h"

#include "diag.h"

#include <errno.h>

static int open_userspace(struct controller_handle *handle, struct diag *diag)
{
	int error = userspace_controller_init(&handle->userspace, diag);
	if (error)
		return diag_wrap(diag, error, "controller: userspace");
	handle->controller = userspace_controller(&handle->userspace);
	handle->name = "userspace";
	return 0;
}

int controller_open(enum controller_choice choice, const char *interface,
	struct controller_handle *ret, struct diag *diag)
{
	switch (choice) {
	case CONTROLLER_SIM:
		sim_controller_init(&ret->sim, (struct sim_recorder){0});
		ret->controller = sim_controller(&ret->sim);
		ret->name = "sim";
		return 0;
	case CONTROLLER_KERNEL:
		return diag_fail(diag, -EOPNOTSUPP, "controller: kernel: not built in");
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
	if (handle->controller.impl == &handle->sim)
		sim_controller_deinit(&handle->sim);
	else
		userspace_controller_deinit(&handle->userspace);
	handle->name = NULL;
}
