/* SPDX-License-Identifier: Apache-2.0 */
/* The contract on a real userspace WireGuard backend. */
#include "contract.h"
#include "diag.h"
#include "link_hooks.h"
#include "netns.h"
#include "userspace_controller.h"

#include <sodium.h>
#include <stdio.h>

static int run_contract(void)
{
	struct userspace_controller userspace;
	struct diag diag = {0};
	if (sodium_init() < 0 || userspace_controller_init(&userspace, &diag) != 0) {
		fprintf(stderr, "%s\n", diag_text(&diag));
		return 1;
	}
	struct contract_bed bed = {
		.controller = userspace_controller(&userspace),
		.interface = "plexwg-test0",
		.hooks = system_link_hooks(),
		.many_peers = 1500, /* more than fit into one request */
	};
	int failed = contract_run("contract_userspace", &bed);
	userspace_controller_deinit(&userspace);
	return failed;
}

int main(void)
{
	return netns_run(true, run_contract);
}
