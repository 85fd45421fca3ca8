/*
 * An allocator that fails when it is told to. Link with failing_memory's arguments: then every
 * allocation of the code under test comes by here.
 */
#pragma once

#include <stdbool.h>

/* The allocation after the next `spared` ones fails; if `for_good`, all after it do too. */
void failing_memory_arm(unsigned spared, bool for_good);
/* Allocations succeed again. Returns whether one failed since it was armed. */
bool failing_memory_disarm(void);
