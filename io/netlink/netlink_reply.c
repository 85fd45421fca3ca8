/* SPDX-License-Identifier: Apache-2.0 */
#include "netlink_reply.h"

#include "diag.h"

#include <errno.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

#define ERRNO_MAX 4095

static void reply_fail(struct netlink_reply *reply, int error)
{
	if (!reply->error)
		reply->error = error;
}

static void reply_malformed(struct netlink_reply *reply, const char *what)
{
	if (!reply->error)
		diag_fail(reply->diag, -EIO, "netlink: %s", what);
	reply_fail(reply, -EIO);
	reply->is_done = true;
}

/* Map errno values out of range to EIO. */
static int sane_errno(int error)
{
	return error < 0 && error >= -ERRNO_MAX ? error : -EIO;
}

/* Fail with the kernel's errno, and its extended text if there is one. */
static void refused(struct netlink_reply *reply, int error, const struct nlmsghdr *header,
	size_t attributes_offset)
{
	reply->is_refused = true;
	if (reply->error)
		return;
	reply->error = error;
	diag_fail_errno(reply->diag, error);
	if (!(header->nlmsg_flags & NLM_F_ACK_TLVS) || attributes_offset >= header->nlmsg_len)
		return;
	const struct nlattr *attributes =
		(const struct nlattr *)((const char *)header + attributes_offset);
	const struct nlattr *text = nla_find(
		attributes, (int)(header->nlmsg_len - attributes_offset), NLMSGERR_ATTR_MSG);
	if (!text || nla_len(text) < 2)
		return;
	struct diag words = {0};
	diag_fail_errno(&words, error);
	diag_fail(reply->diag, error, "%s: %.*s", diag_text(&words), nla_len(text),
		(const char *)nla_data(text));
	diag_clear(&words);
}

static void take_error(struct netlink_reply *reply, const struct nlmsghdr *header)
{
	const struct nlmsgerr *message = nlmsg_data(header);
	if ((size_t)nlmsg_datalen(header) < sizeof *message) {
		reply_malformed(reply, "an error without its number");
		return;
	}
	reply->is_done = true;
	if (message->error == 0) {
		if (reply->is_dump)
			reply_malformed(reply, "a dump without its end");
		return;
	}
	size_t offset = NLMSG_HDRLEN + sizeof *message;
	if (!(header->nlmsg_flags & NLM_F_CAPPED) && message->msg.nlmsg_len > NLMSG_HDRLEN)
		offset += NLMSG_ALIGN(message->msg.nlmsg_len - NLMSG_HDRLEN);
	refused(reply, sane_errno(message->error), header, offset);
}

static void take_done(struct netlink_reply *reply, const struct nlmsghdr *header)
{
	int error = 0;
	reply->is_done = true;
	if ((size_t)nlmsg_datalen(header) >= sizeof error)
		memcpy(&error, nlmsg_data(header), sizeof error);
	if (error < 0)
		refused(reply, sane_errno(error), header, NLMSG_HDRLEN + NLMSG_ALIGN(sizeof error));
}

static void take_message(struct netlink_reply *reply, struct nlmsghdr *header)
{
	if (header->nlmsg_seq != reply->sequence)
		return;
	reply->is_torn |= (header->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
	switch (header->nlmsg_type) {
	case NLMSG_NOOP:
		return;
	case NLMSG_ERROR:
		take_error(reply, header);
		return;
	case NLMSG_DONE:
		take_done(reply, header);
		return;
	case NLMSG_OVERRUN:
		reply_malformed(reply, "messages were lost");
		return;
	default:
		break;
	}
	/* After an error the rest of the answer is still read, so that none of it arrives late. */
	if (reply->error || reply->is_torn || !reply->handler.handle)
		return;
	reply_fail(reply, reply->handler.handle(reply->handler.impl, header));
	reply->is_done = reply->is_first_enough;
}

void netlink_reply_take(struct netlink_reply *reply, const void *bytes, size_t length, bool is_cut)
{
	/* libnl's helpers lack const but write nothing. */
	struct nlmsghdr *header = (struct nlmsghdr *)(uintptr_t)bytes;
	int left = (int)length;
	if (is_cut) {
		reply_malformed(reply, "a message longer than there is room for");
		return;
	}
	while (!reply->is_done && nlmsg_ok(header, left)) {
		take_message(reply, header);
		header = nlmsg_next(header, &left);
	}
	if (!reply->is_done && left > 0)
		reply_malformed(reply, "a message that is cut short");
}

int netlink_reply_result(const struct netlink_reply *reply)
{
	if (reply->error)
		return reply->error;
	if (!reply->is_done)
		return diag_fail(reply->diag, -EIO, "netlink: an answer without an end");
	if (reply->is_torn)
		return diag_fail(reply->diag, -EAGAIN, "the data changed while it was read");
	return 0;
}
