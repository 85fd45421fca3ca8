/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "replay.h"
#include "report_error.h"

#include <stdio.h>

int command_replay(const struct options *options)
{
	if (options->operand_count == 0) {
		report_error("replay: needs a FILE or a DIR");
		return STATUS_USAGE;
	}
	return replay_run(
		options->operands, options->operand_count, options->trace, stdout, stderr);
}
