# Sets DUCKDB_INCLUDE_DIRS: the engine's headers, taken from DuckDB's source distribution of the pinned version.
# COCOSQL_DUCKDB_SDIST (environment) names a local copy of it for offline builds.
set(engine "${CMAKE_BINARY_DIR}/duckdb-${DUCKDB_VERSION}/external/duckdb")
set(DUCKDB_INCLUDE_DIRS "${engine}/src/include" "${engine}/third_party/fmt/include"
    "${engine}/third_party/yyjson/include")

if(NOT EXISTS "${engine}/third_party/yyjson/include/yyjson.hpp")
  set(sdist "$ENV{COCOSQL_DUCKDB_SDIST}")
  if(NOT sdist)
    message(STATUS "Downloading the source distribution of duckdb ${DUCKDB_VERSION} for its headers")
    set(sdist "${CMAKE_BINARY_DIR}/duckdb-${DUCKDB_VERSION}.tar.gz")
    execute_process(
      COMMAND "${Python_EXECUTABLE}" -m pip download --quiet --no-deps --no-binary duckdb --no-build-isolation
              --dest "${CMAKE_BINARY_DIR}" duckdb==${DUCKDB_VERSION}
      RESULT_VARIABLE failed)
    if(failed)
      message(FATAL_ERROR "Could not download duckdb ${DUCKDB_VERSION}. For an offline build set COCOSQL_DUCKDB_SDIST to "
                          "a local duckdb-${DUCKDB_VERSION}.tar.gz (from PyPI).")
    endif()
  endif()
  file(ARCHIVE_EXTRACT INPUT "${sdist}" DESTINATION "${CMAKE_BINARY_DIR}"
       PATTERNS "duckdb-${DUCKDB_VERSION}/external/duckdb/src/include/*"
                "duckdb-${DUCKDB_VERSION}/external/duckdb/third_party/fmt/include/*"
                "duckdb-${DUCKDB_VERSION}/external/duckdb/third_party/yyjson/include/*")
endif()
