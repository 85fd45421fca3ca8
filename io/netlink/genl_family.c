/* SPDX-License-Identifier: Apache-2.0 */
#include "genl_family.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#define FAMILY_REQUEST_BYTES 128

static int family_decode(void *impl, struct nlmsghdr *header)
{
	uint16_t *family = impl;
	struct nlattr *attributes[CTRL_ATTR_MAX + 1];
	static const struct nla_policy policy[CTRL_ATTR_MAX + 1] = {
		[CTRL_ATTR_FAMILY_ID] = {.type = NLA_U16},
	};
	if (nlmsg_parse(header, GENL_HDRLEN, attributes, CTRL_ATTR_MAX, policy) < 0 ||
		!attributes[CTRL_ATTR_FAMILY_ID])
		return -EIO;
	*family = nla_get_u16(attributes[CTRL_ATTR_FAMILY_ID]);
	return 0;
}

int genl_family_find(
	struct netlink_socket *netlink, const char *name, uint16_t *ret, struct diag *diag)
{
	uint16_t family = 0;
	struct nl_msg *message = nlmsg_alloc_size(FAMILY_REQUEST_BYTES);
	int error;
	if (message &&
		genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, GENL_ID_CTRL, 0, 0,
			CTRL_CMD_GETFAMILY, 1) &&
		nla_put_string(message, CTRL_ATTR_FAMILY_NAME, name) >= 0)
		error = netlink_socket_exchange(netlink, message,
			&(struct netlink_handler){family_decode, &family}, NULL, diag);
	else
		error = diag_fail_errno(diag, -ENOMEM);
	nlmsg_free(message);
	if (!error && family == 0)
		error = diag_fail(diag, -EIO, "netlink: a family without a number");
	if (!error)
		*ret = family;
	return error;
}
