/* SPDX-License-Identifier: Apache-2.0 */
#include "failing_controller.h"

#include "diag.h"

#include <stdio.h>
#include <string.h>

/* Keys are 32 equal bytes; each belongs to one id of the documents below, or to none. */
static void peer_name(const struct key_public *key, char *ret, size_t size)
{
	unsigned byte = key->bytes[0];
	if (byte == 9)
		snprintf(ret, size, "%s", key_public_format(key).text);
	else
		snprintf(ret, size, "peer-%u", byte % 10);
}

static enum outcome outcome_next(
	struct failing *failing, const char *op, const struct key_public *key)
{
	unsigned number = failing->call_count++;
	if (strcmp(op, "read device") != 0)
		failing->write_count++;
	if (number < failing->fail_from || number >= failing->fail_to)
		return OUTCOME_GOES_WELL;
	if (!failing->has_failed) {
		strcpy(failing->op, op);
		failing->peer[0] = '\0';
		if (key)
			peer_name(key, failing->peer, sizeof failing->peer);
	}
	failing->has_failed = true;
	return failing->outcome;
}

static int failure(const struct failing *failing, struct diag *diag)
{
	return diag_fail_errno(diag, failing->error);
}

static int failing_create_interface(void *impl, const char *name,
	const struct key_secret *private_key, uint16_t listen_port, struct diag *diag)
{
	struct failing *failing = impl;
	enum outcome outcome = outcome_next(failing, "create interface", NULL);
	int error = 0;
	if (outcome != OUTCOME_REFUSED)
		error = failing->inner.ops->create_interface(
			failing->inner.impl, name, private_key, listen_port, diag);
	return outcome == OUTCOME_GOES_WELL ? error : failure(failing, diag);
}

static int failing_delete_interface(
	void *impl, const char *name, bool *ret_existed, struct diag *diag)
{
	struct failing *failing = impl;
	enum outcome outcome = outcome_next(failing, "delete interface", NULL);
	int error = 0;
	if (outcome != OUTCOME_REFUSED)
		error = failing->inner.ops->delete_interface(
			failing->inner.impl, name, ret_existed, diag);
	return outcome == OUTCOME_GOES_WELL ? error : failure(failing, diag);
}

static int failing_configure_address(void *impl, const char *name, const struct prefix *address,
	bool keep_others, struct diag *diag)
{
	struct failing *failing = impl;
	enum outcome outcome = outcome_next(failing, "configure address", NULL);
	int error = 0;
	if (outcome != OUTCOME_REFUSED)
		error = failing->inner.ops->configure_address(
			failing->inner.impl, name, address, keep_others, diag);
	return outcome == OUTCOME_GOES_WELL ? error : failure(failing, diag);
}

static int failing_set_interface_up(void *impl, const char *name, struct diag *diag)
{
	struct failing *failing = impl;
	enum outcome outcome = outcome_next(failing, "set interface up", NULL);
	int error = 0;
	if (outcome != OUTCOME_REFUSED)
		error = failing->inner.ops->set_interface_up(failing->inner.impl, name, diag);
	return outcome == OUTCOME_GOES_WELL ? error : failure(failing, diag);
}

static int failing_set_mtu(void *impl, const char *name, int mtu, struct diag *diag)
{
	struct failing *failing = impl;
	enum outcome outcome = outcome_next(failing, "set MTU", NULL);
	int error = 0;
	if (outcome != OUTCOME_REFUSED)
		error = failing->inner.ops->set_mtu(failing->inner.impl, name, mtu, diag);
	return outcome == OUTCOME_GOES_WELL ? error : failure(failing, diag);
}

static int failing_add_peer(
	void *impl, const char *name, const struct peer_op *op, struct diag *diag)
{
	struct failing *failing = impl;
	const char *words = op->kind == PEER_OP_UPDATE ? "update peer" : "add peer";
	enum outcome outcome = outcome_next(failing, words, peer_op_key(op));
	int error = 0;
	if (outcome != OUTCOME_REFUSED)
		error = failing->inner.ops->add_peer(failing->inner.impl, name, op, diag);
	return outcome == OUTCOME_GOES_WELL ? error : failure(failing, diag);
}

static int failing_remove_peer(
	void *impl, const char *name, const struct key_public *key, struct diag *diag)
{
	struct failing *failing = impl;
	enum outcome outcome = outcome_next(failing, "remove peer", key);
	int error = 0;
	if (outcome != OUTCOME_REFUSED)
		error = failing->inner.ops->remove_peer(failing->inner.impl, name, key, diag);
	return outcome == OUTCOME_GOES_WELL ? error : failure(failing, diag);
}

/* A read has no effect that could be lost. */
static int failing_read_device(void *impl, const char *name, struct device *ret, struct diag *diag)
{
	struct failing *failing = impl;
	if (outcome_next(failing, "read device", NULL) != OUTCOME_GOES_WELL)
		return failure(failing, diag);
	return failing->inner.ops->read_device(failing->inner.impl, name, ret, diag);
}

static const struct controller_ops failing_ops = {
	.create_interface = failing_create_interface,
	.delete_interface = failing_delete_interface,
	.configure_address = failing_configure_address,
	.set_interface_up = failing_set_interface_up,
	.set_mtu = failing_set_mtu,
	.add_peer = failing_add_peer,
	.remove_peer = failing_remove_peer,
	.read_device = failing_read_device,
};

struct controller failing_controller(struct failing *failing)
{
	return (struct controller){&failing_ops, failing};
}
