//! What a session keeps in the context of its connection, by key. It goes when the session ends, as the connection may not.
#pragma once

namespace cocosql {

constexpr const char *COLLECTED_STATE = "cocosql_collected";
constexpr const char *GIVEN_STATE = "cocosql_given";
constexpr const char *RESIDENT_MEMOS_STATE = "cocosql_resident_memos";
constexpr const char *RUN_STATE = "cocosql_run";
constexpr const char *WANTED_STATE = "cocosql_wanted";

constexpr const char *SESSION_STATES[] = {COLLECTED_STATE, GIVEN_STATE, RESIDENT_MEMOS_STATE, RUN_STATE,
                                          WANTED_STATE};

} // namespace cocosql
