#include "own_link.h"

#include "diag.h"

#include <errno.h>
#include <string.h>

int own_link_read(struct own_link *own, const char *name, struct link_info *ret, struct diag *diag)
{
	int error = link_read(&own->link, name, ret, diag);
	if (error || strcmp(ret->kind, own->kind) == 0)
		return error;
	return diag_fail(diag, -EEXIST, "the link is there and is no %s, but of kind %s", own->what,
		ret->kind[0] ? ret->kind : "hardware");
}

int own_link_configure_address(struct own_link *own, const char *name, const struct prefix *address,
	bool keep_others, struct diag *diag)
{
	struct link_info info;
	int error = own_link_read(own, name, &info, diag);
	if (error)
		return error;
	return link_configure_address(&own->link, info.index, address, keep_others, diag);
}

int own_link_set_up(struct own_link *own, const char *name, struct diag *diag)
{
	struct link_info info;
	int error = own_link_read(own, name, &info, diag);
	if (error || info.up)
		return error;
	return link_set_up(&own->link, info.index, diag);
}

int own_link_set_mtu(struct own_link *own, const char *name, int mtu, struct diag *diag)
{
	struct link_info info;
	int error = own_link_read(own, name, &info, diag);
	if (error || info.mtu == mtu)
		return error;
	return link_set_mtu(&own->link, info.index, mtu, diag);
}
