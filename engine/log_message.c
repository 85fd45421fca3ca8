/* SPDX-License-Identifier: Apache-2.0 */
#include "log_message.h"

#define X(name, level, text, keys) [LOG_##name] = {LOG_LEVEL_##level, text},
const struct log_message_row log_messages[LOG_MESSAGE_COUNT] = {LOG_MESSAGES(X)};
#undef X
