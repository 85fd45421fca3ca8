/* SPDX-License-Identifier: Apache-2.0 */
/* Readers of the interfaces and peers of a scenario: those of the world, and expected ones. */
#pragma once

#include "json_object.h"

json_reader read_device_spec; /* struct device_spec *, made in the arena */
/* struct device_spec *: NULL for null, which is no interface */
json_reader read_device_spec_or_null;
/* struct device_spec *: only members that another program can change on an existing interface */
json_reader read_interface_change;
json_reader read_peer_spec; /* struct peer_spec */
