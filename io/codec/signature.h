/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ed25519, for engine/verifier.h. The caller must have called sodium_init.
 */
#pragma once

#include "verifier.h"

struct signature_check signature_check_ed25519(void);
