/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of checks that make up the contract, by subject. Private to contract.c. */
#pragma once

#include "contract.h"
#include "device_fixture.h"

/* What a check needs of its test bed. */
enum contract_need {
	CONTRACT_NEEDS_NOTHING,
	CONTRACT_NEEDS_ADDRESSES,     /* the hook add_address */
	CONTRACT_NEEDS_FOREIGN_LINKS, /* the hooks for them */
};

struct contract_check {
	const char *name;
	void (*run)(struct device_fixture *fixture, const struct contract_bed *bed);
	enum contract_need need;
};

struct contract_list {
	const struct contract_check *checks;
	size_t count;
};

struct contract_list contract_interface_checks(void);
struct contract_list contract_peer_checks(void);
struct contract_list contract_allowed_ip_checks(void);
struct contract_list contract_bulk_checks(void);

/* A check has the name of its function. */
#define CONTRACT_CHECK_NEEDING(function, what)                                                     \
	{                                                                                          \
		.name = #function, .run = function, .need = what                                   \
	}
#define CONTRACT_CHECK(function) CONTRACT_CHECK_NEEDING(function, CONTRACT_NEEDS_NOTHING)
#define CONTRACT_LIST(array)     ((struct contract_list){array, sizeof(array) / sizeof((array)[0])})
