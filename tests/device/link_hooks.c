/* SPDX-License-Identifier: Apache-2.0 */
#include "link_hooks.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool ip_command(const char *format, ...)
{
	char command[256] = "ip ";
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(command + 3, sizeof command - 3, format, arguments);
	va_end(arguments);
	return system(command) == 0;
}

bool link_is_there(const char *name)
{
	return ip_command("link show %s >/dev/null 2>&1", name);
}

static bool add_address(void *impl, const char *name, const struct prefix *address)
{
	return ip_command("address add %s dev %s", prefix_format(address).text, name);
}

static bool set_down(void *impl, const char *name)
{
	return ip_command("link set %s down", name);
}

static bool add_foreign_link(void *impl, const char *name)
{
	return ip_command("link add %s type veth peer name other-end", name);
}

static bool remove_foreign_link(void *impl, const char *name)
{
	return ip_command("link delete %s", name);
}

static bool make_name_alternative(void *impl, const char *name)
{
	return ip_command("link set %s name renamed0", name) &&
	       ip_command("link property add dev renamed0 altname %s", name);
}

static bool make_name_own(void *impl, const char *name)
{
	return ip_command("link property del dev renamed0 altname %s", name) &&
	       ip_command("link set renamed0 name %s", name);
}

struct contract_hooks system_link_hooks(void)
{
	return (struct contract_hooks){
		.add_address = add_address,
		.set_down = set_down,
		.add_foreign_link = add_foreign_link,
		.remove_foreign_link = remove_foreign_link,
		.make_name_alternative = make_name_alternative,
		.make_name_own = make_name_own,
	};
}
