// SPDX-License-Identifier: Apache-2.0
module plexwg.test/control_plane

go 1.19
