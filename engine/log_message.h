/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every log message of the program. Operators grep for the texts and alert on them, so they are a
 * stable interface: io/share/plexwg-log.7 explains each, io/share/NEWS lists every change.
 */
#pragma once

enum log_level {
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_INFO,
	LOG_LEVEL_WARN,
	LOG_LEVEL_ERROR,
};

/* Name, level, text, and the keys that its lines may have, in their order. */
#define LOG_MESSAGES(X)                                                                            \
	/* The interface. */                                                                       \
	X(INTERFACE_CONFIGURED, INFO, "Interface configured", "listen_port mesh_ip")               \
	X(INTERFACE_DRIFTED, WARN, "Interface drifted", "reason")                                  \
	X(INTERFACE_REMOVED, INFO, "Interface removed", "")                                        \
	/* Peers. */                                                                               \
	X(PEERS_CHANGED, INFO, "Peers changed", "removed updated added")                           \
	X(PEERS_CONFIGURED, INFO, "Peers configured", "count")                                     \
	X(PEER_ADDED, DEBUG, "Peer added", "peer_id public_key")                                   \
	X(PEER_UPDATED, DEBUG, "Peer updated", "peer_id public_key")                               \
	X(PEER_REMOVED, DEBUG, "Peer removed", "peer_id public_key")                               \
	X(PEER_OPERATION_FAILED, ERROR, "Peer operation failed",                                   \
		"operation peer_id public_key error")                                              \
	X(PEER_NOT_CONVERGING, ERROR, "Peer does not converge", "operation peer_id public_key")    \
	X(PEER_ENTRY_UNUSABLE, ERROR, "Peer entry unusable", "peer_id error retained")             \
	X(PEERS_CONFLICT, WARN, "Peers conflict", "over value winner loser")                       \
	X(CONFLICTS_OMITTED, WARN, "Conflicts omitted", "count")                                   \
	X(CONFLICTS_NOT_LOGGED, ERROR, "Conflicts not logged", "error")                            \
	X(OWN_KEY_IGNORED, WARN, "Peer with own key ignored", "peer_id")                           \
	X(OLD_KEY_NOT_REMOVED, WARN, "Old key not removed", "peer_id public_key error")            \
	X(NAMELESS_REMOVALS_WITHHELD, WARN, "Removals withheld for unusable entries", "count")     \
	X(MASS_REMOVAL_WITHHELD, WARN, "Mass removal withheld",                                    \
		"removals peers max_removal_percent")                                              \
	X(MASS_REMOVAL_RELEASED, INFO, "Mass removal no longer withheld", "")                      \
	X(NOTICE_LIMIT_REACHED, WARN, "Notice limit reached", "deferred")                          \
	X(DRIFT_REPORT_FAILED, WARN, "Drift report failed", "error")                               \
	/* Routes. */                                                                              \
	X(ROUTE_CHANGED, DEBUG, "Route changed", "operation destination")                          \
	X(ROUTE_OPERATION_FAILED, ERROR, "Route operation failed", "operation destination error")  \
	X(ROUTE_NOT_SET, WARN, "Route not set", "destination reason")                              \
	X(IPV6_ROUTES_NOT_SET, WARN, "IPv6 routes not set", "count reason")                        \
	X(ROUTES_NOT_CHANGED, ERROR, "Routes not changed", "error")                                \
	/* Events and keys. */                                                                     \
	X(EVENT_DEFERRED, DEBUG, "Event deferred", "peer_id")                                      \
	X(EVENT_FAILED, ERROR, "Event failed", "error")                                            \
	X(EVENT_IGNORED, DEBUG, "Event ignored", "event_type")                                     \
	X(EVENT_REJECTED, WARN, "Event rejected", "event_id error")                                \
	X(EVENT_STREAM_ENDED, DEBUG, "Event stream ended", "reason")                               \
	X(SIGNING_KEYS_ROTATED, INFO, "Signing keys rotated", "current")                           \
	X(NO_SIGNING_KEY, WARN, "No signing key yet", "error")                                     \
	X(TRUST_JOURNAL_NOT_RESTORED, WARN, "Trust journal not restored", "error")                 \
	/* The state. */                                                                           \
	X(FETCH_SLOW, DEBUG, "Fetch slow", "")                                                     \
	X(NO_STATE_YET, INFO, "No state yet", "")                                                  \
	X(CACHED_STATE_IN_FORCE, INFO, "Cached state in force", "")                                \
	X(CACHED_STATE_UNUSABLE, WARN, "Cached state unusable", "error")                           \
	X(CACHED_STATE_EXCEEDS_LIMITS, WARN, "Cached state exceeds limits", "error")               \
	X(CACHED_EVENTS_DISCARDED, WARN, "Cached events discarded", "error")                       \
	/* The daemon. */                                                                          \
	X(PROBLEM, WARN, "Problem", "subsystem error")                                             \
	X(PROBLEM_RESOLVED, INFO, "Problem resolved", "subsystem")                                 \
	X(LINES_OMITTED, WARN, "Log lines omitted", "message count")                               \
	X(RELOADED, INFO, "Reloaded", "")                                                          \
	X(STOPPING, INFO, "Stopping", "signal")                                                    \
	X(LINK_WATCH_LOST, WARN, "Link watch lost", "error")                                       \
	X(SERVICE_MANAGER_UNREACHABLE, WARN, "Service manager unreachable", "error")               \
	X(SYSTEM_CALLS_NOT_FILTERED, WARN, "System calls not filtered", "error")                   \
	X(FILES_NOT_SANDBOXED, WARN, "Files not sandboxed", "error")                               \
	X(LANDLOCK_UNAVAILABLE, INFO, "Landlock unavailable", "error")                             \
	X(MEMORY_NOT_LOCKED, WARN, "Memory not locked", "error")                                   \
	X(TRACE_STOPPED, WARN, "Trace stopped", "error")

#define X(name, level, text, keys) LOG_##name,
enum log_message { LOG_MESSAGES(X) LOG_MESSAGE_COUNT };
#undef X

struct log_message_row {
	enum log_level level;
	const char *text;
};

extern const struct log_message_row log_messages[LOG_MESSAGE_COUNT];
