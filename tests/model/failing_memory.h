/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An allocator that fails when it is told to. Link with failing_memory's arguments: then every
 * allocation of the code under test comes by here.
 */
#pragma once

#include <stdbool.h>

/* Returns 0 or a negative errno; it may assert. */
typedef int (*memory_attempt)(void *impl);

/*
 * How all tests of this kind go: `attempt` is made again and again, each allocation in turn
 * failing, once and then also all that follow it, until there is none left to fail. It succeeds (a
 * failure that is only about the words of an error need not show) or says -ENOMEM, at least once it
 * does, and in the end, with memory, it succeeds.
 */
void fail_each_allocation(memory_attempt attempt, void *impl);

/* The allocation after the next `spared` ones fails; if `for_good`, all after it do too. */
void failing_memory_arm(unsigned spared, bool for_good);
/* Allocations succeed again. Returns whether one failed since it was armed. An attempt may do so
 * itself, to look at what it has done. */
bool failing_memory_disarm(void);
/* Until it is resumed none fails and none counts: for what is the test's own. */
void failing_memory_pause(void);
void failing_memory_resume(void);
/* Whether an allocation that is made now is to fail; counts as one. For what allocates out of
 * sight: a library. */
bool failing_memory_fails(void);
