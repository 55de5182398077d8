# duckdb_headers(VERSION RESULT) sets RESULT to the include directories of the engine's headers, taken from the source
# distribution of that version of DuckDB. COCOSQL_DUCKDB_SDIST (environment) names a folder with local copies of
# duckdb-<version>.tar.gz, for offline builds.
function(duckdb_headers version result)
  set(engine "${CMAKE_BINARY_DIR}/duckdb-${version}/external/duckdb")
  set(${result} "${engine}/src/include" "${engine}/third_party/fmt/include"
      "${engine}/third_party/yyjson/include" PARENT_SCOPE)
  if(EXISTS "${engine}/third_party/yyjson/include/yyjson.hpp")
    return()
  endif()
  set(folder "$ENV{COCOSQL_DUCKDB_SDIST}")
  if(NOT folder)
    message(STATUS "Downloading the source distribution of duckdb ${version} for its headers")
    set(folder "${CMAKE_BINARY_DIR}")
    execute_process(
      COMMAND "${Python_EXECUTABLE}" -m pip download --quiet --no-deps --no-binary duckdb --no-build-isolation
              --dest "${folder}" duckdb==${version}
      RESULT_VARIABLE failed)
    if(failed)
      message(FATAL_ERROR "Could not download duckdb ${version}. For an offline build set COCOSQL_DUCKDB_SDIST to a "
                          "folder that has duckdb-${version}.tar.gz (from PyPI).")
    endif()
  endif()
  if(NOT EXISTS "${folder}/duckdb-${version}.tar.gz")
    message(FATAL_ERROR "There is no duckdb-${version}.tar.gz in ${folder}. COCOSQL_DUCKDB_SDIST must name a folder that has "
                        "the source distribution (from PyPI) of each version of DuckDB that is built for.")
  endif()
  file(ARCHIVE_EXTRACT INPUT "${folder}/duckdb-${version}.tar.gz" DESTINATION "${CMAKE_BINARY_DIR}"
       PATTERNS "duckdb-${version}/external/duckdb/src/include/*"
                "duckdb-${version}/external/duckdb/third_party/fmt/include/*"
                "duckdb-${version}/external/duckdb/third_party/yyjson/include/*")
endfunction()
