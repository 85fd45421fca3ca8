// SPDX-License-Identifier: Apache-2.0
module plexwg.test/sim

go 1.19
