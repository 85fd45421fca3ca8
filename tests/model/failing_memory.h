/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An allocator that fails on demand. Link with failing_memory's arguments, which route every
 * allocation of the code under test through it.
 */
#pragma once

#include <stdbool.h>

/* Returns 0 or a negative errno; it may assert. */
typedef int (*memory_attempt)(void *impl);

/*
 * The loop of every test of this kind. Run `attempt` again and again and fail each allocation in
 * turn, first alone, then with all that follow, until none is left to fail. Each attempt must
 * succeed (where the failure affects only the words of an error) or return -ENOMEM. At least one
 * returns -ENOMEM, and the last, without a failure, succeeds.
 */
void fail_each_allocation(memory_attempt attempt, void *impl);

/* Fail the allocation after the next `spared` ones, and all after it if `for_good`. */
void failing_memory_arm(unsigned spared, bool for_good);
/*
 * Let allocations succeed again. Returns whether one failed since it was armed. An attempt may call
 * it to check what it has done.
 */
bool failing_memory_disarm(void);
/* Until it is resumed, no allocation fails or counts: for allocations of the test itself. */
void failing_memory_pause(void);
void failing_memory_resume(void);
/*
 * Returns whether an allocation made now is to fail, and counts it. For allocations inside a
 * library.
 */
bool failing_memory_fails(void);
