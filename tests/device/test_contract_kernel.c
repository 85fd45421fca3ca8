/* SPDX-License-Identifier: Apache-2.0 */
/* The contract on the kernel's own WireGuard. */
#include "contract.h"
#include "diag.h"
#include "kernel_controller.h"
#include "link_hooks.h"
#include "netns.h"

#include <sodium.h>
#include <stdio.h>

static int run_contract(void)
{
	struct kernel_controller kernel;
	struct diag diag = {0};
	if (sodium_init() < 0 || kernel_controller_init(&kernel, &diag) != 0) {
		fprintf(stderr, "%s\n", diag_text(&diag));
		return 1;
	}
	struct contract_bed bed = {
		.controller = kernel_controller(&kernel),
		.interface = "plexwg-test0",
		.hooks = system_link_hooks(),
		.many_peers = 1500, /* more than fit into one message */
	};
	int failed = contract_run("contract_kernel", &bed);
	kernel_controller_deinit(&kernel);
	return failed;
}

int main(void)
{
	return netns_run(false, run_contract);
}
