/* SPDX-License-Identifier: Apache-2.0 */
#include "wg_socket.h"

#include "diag.h"
#include "genl_family.h"
#include "wg_decode.h"
#include "wg_encode.h"
#include "wg_netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <netlink/msg.h>
#include <poll.h>

#define TIMEOUT_MS          10000
#define READ_TRIES_MAX      5
#define READ_BACKOFF_MIN_MS 5

int wg_socket_open(struct wg_socket *wg, struct diag *diag)
{
	*wg = (struct wg_socket){0};
	return netlink_socket_open(&wg->netlink, NETLINK_GENERIC, TIMEOUT_MS, diag);
}

void wg_socket_close(struct wg_socket *wg)
{
	netlink_socket_close(&wg->netlink);
}

int wg_socket_family(struct wg_socket *wg, uint16_t *ret, struct diag *diag)
{
	int error = 0;
	if (!wg->family)
		error = genl_family_find(&wg->netlink, WG_GENL_NAME, &wg->family, diag);
	if (error == -ENOENT)
		return diag_fail(
			diag, error, "the kernel has no WireGuard: module wireguard not found");
	if (!error)
		*ret = wg->family;
	return error;
}

/* Forget the family on -ENOENT: a module that is loaded again gets another number. */
static int family_check(struct wg_socket *wg, int error)
{
	if (error == -ENOENT)
		wg->family = 0;
	return error;
}

int wg_socket_set(void *impl, struct nl_msg *message, bool *ret_refused, struct diag *diag)
{
	struct wg_socket *wg = impl;
	wg->set_count++;
	return family_check(
		wg, netlink_socket_exchange(&wg->netlink, message, NULL, ret_refused, diag));
}

void wg_socket_set_all(void *impl, struct netlink_request *requests, size_t count)
{
	struct wg_socket *wg = impl;
	wg->set_count += count;
	netlink_socket_exchange_all(&wg->netlink, requests, count);
	for (size_t i = 0; i < count; i++)
		(void)family_check(wg, requests[i].error);
}

/* `is_settings`: key and port only, which the first message of a dump holds. */
static int read_once(struct wg_socket *wg, const struct wg_target *target, bool is_settings,
	struct device *ret, struct diag *diag)
{
	struct wg_decode decode;
	struct nl_msg *message = wg_encode_get(target);
	if (!message)
		return diag_fail_errno(diag, -ENOMEM);
	wg_decode_begin(&decode, target->index, is_settings ? 0 : wg->peer_count, diag);
	decode.skips_peers = is_settings;
	struct netlink_handler handler = {wg_decode_message, &decode};
	int error = is_settings
			    ? netlink_socket_peek(&wg->netlink, message, &handler, diag)
			    : netlink_socket_exchange(&wg->netlink, message, &handler, NULL, diag);
	wg_message_free(message);
	if (!error)
		error = wg_decode_end(&decode, ret);
	if (!error && !is_settings)
		wg->peer_count = ret->peers.count;
	wg_decode_clear(&decode);
	return family_check(wg, error);
}

static int read_untorn(
	struct wg_socket *wg, int index, bool is_settings, struct device *ret, struct diag *diag)
{
	struct wg_target target = {.index = index};
	int error = wg_socket_family(wg, &target.family, diag);
	if (error)
		return error;
	int backoff_ms = READ_BACKOFF_MIN_MS;
	for (int tries = 0; tries < READ_TRIES_MAX; tries++, backoff_ms *= 2) {
		if (tries > 0)
			poll(NULL, 0, backoff_ms);
		if (diag)
			diag_clear(diag);
		error = read_once(wg, &target, is_settings, ret, diag);
		if (error != -EAGAIN)
			return error;
	}
	return diag_fail(diag, -EINTR, "the device kept changing while it was read");
}

int wg_socket_read(struct wg_socket *wg, int index, struct device *ret, struct diag *diag)
{
	return read_untorn(wg, index, false, ret, diag);
}

int wg_socket_read_settings(struct wg_socket *wg, int index, struct device *ret, struct diag *diag)
{
	return read_untorn(wg, index, true, ret, diag);
}

int wg_socket_ask_prefix_removal(
	struct wg_socket *wg, enum wg_prefix_removal *ret, struct diag *diag)
{
	uint16_t family = 0;
	struct wg_features features;
	int error = wg_socket_family(wg, &family, diag);
	if (error)
		return error;
	struct nl_msg *message = wg_features_request(family);
	if (!message)
		return diag_fail_errno(diag, -ENOMEM);
	wg_features_begin(&features);
	struct netlink_handler handler = {wg_features_message, &features};
	error = netlink_socket_exchange(&wg->netlink, message, &handler, NULL, diag);
	nlmsg_free(message);
	if (!error)
		*ret = wg_features_end(&features);
	return error;
}
