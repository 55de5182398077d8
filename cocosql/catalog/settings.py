"""DuckDB's settings, judged by name: which of them a view is stored with.

Those that change what a query returns, or whether it binds, are stored with a view as its creator's session had them,
and set for whatever is done with the view. No other setting of a file is ever set: some write files. A new version of
DuckDB may bring more: a test says which have not been judged. Some that are named here another version lacks.
"""

import duckdb

from cocosql._native import Session

#: Each can be set for a session, and neither reads nor writes anything by itself. One that sets others stands before.
CHANGE_RESULTS = (
    # How a query is read.
    *("current_dialect", "dialect_compatibility_mode", "active_grammar_extensions", "allow_parser_override_extension"),
    *("preserve_identifier_case", "lambda_syntax", "pivot_limit", "show_behavior"),
    *("table_function_identifier_conversion",),
    # What its expressions mean.
    *("TimeZone", "Calendar", "default_collation", "integer_division", "ieee_floating_point_ops"),
    *("error_on_division_by_zero", "regex_match_operator_semantics", "scalar_subquery_error_on_multiple_rows"),
    *("old_implicit_casting", "disable_timestamptz_casts", "legacy_disable_null_type", "ignore_unknown_crs"),
    *("geometry_always_xy",),
    # How rows are ordered.
    *("default_order", "default_null_order", "order_by_non_integer_literal"),
    # The Arrow types of GEOMETRY and VARIANT, as functions are given them.
    *("arrow_large_buffer_size", "arrow_output_version"),
    # What is found in files and in other databases, and where.
    *("file_search_path", "home_directory", "binary_as_string", "enable_geoparquet_conversion", "json_geometry_format"),
    *("parquet_can_have_nan",),
    *("sqlite_all_varchar", "pg_array_as_varchar", "mysql_bit1_as_boolean", "mysql_tinyint1_as_boolean"),
    *("mysql_time_as_time", "mysql_incomplete_dates_as_nulls"),
)

#: Those of a process, a connection or a database. They are of who runs a query, whatever file it is from.
CHANGE_NO_RESULTS = (
    # What may be reached, by whom. A file has no say in it.
    *("access_mode", "allow_community_extensions", "allow_extension_repositories"),
    *("allow_extensions_metadata_mismatch", "allow_persistent_secrets", "allow_unredacted_secrets"),
    *("allow_unsigned_extensions", "allowed_configs", "allowed_directories", "allowed_paths"),
    *("autoinstall_extension_repository", "autoinstall_known_extensions", "autoload_known_extensions"),
    *("custom_extension_repository", "default_secret_storage", "disabled_filesystems", "enable_external_access"),
    *("extension_directories", "extension_repository_directory", "lock_configuration", "password", "secret_directory"),
    *("user", "username"),
    # How much a process takes, and limits that keep it whole: deeper expressions may overflow its stack.
    *("allocator_background_threads", "allocator_bulk_deallocation_flush_threshold", "allocator_flush_threshold"),
    *("async_threads", "block_allocator_memory", "external_threads", "max_execution_time", "max_expression_depth"),
    *("max_memory", "max_streaming_buffer_size", "max_temp_directory_size", "memory_limit", "operator_memory_limit"),
    *("pin_threads", "scheduler_process_partial", "standard_vector_size", "streaming_buffer_size", "temp_directory"),
    *("temp_file_encryption", "threads", "worker_threads"),
    # How a query is run. Of several right answers, any will do.
    *("approximate_join_order_threshold", "asof_loop_join_threshold", "delim_join_as_cte", "disabled_optimizers"),
    *("dynamic_or_filter_threshold", "enable_fsst_vectors", "enable_optimizer", "index_scan_max_count"),
    *("index_scan_percentage", "late_materialization_max_rows", "merge_join_threshold", "nested_loop_join_threshold"),
    *("ordered_aggregate_threshold", "perfect_ht_threshold", "pivot_filter_threshold", "prefer_range_joins"),
    *("preserve_insertion_order",),
    # How files are read and written, and what is kept of them in memory.
    *("cache_local_files", "disable_parquet_prefetching", "enable_external_file_cache", "enable_http_metadata_cache"),
    *("external_file_cache_local_max_block_size", "external_file_cache_remote_max_block_size"),
    *("external_file_cache_remote_min_block_size", "external_file_cache_request_sizing", "external_file_cache_spill"),
    *("custom_user_agent", "duckdb_api", "http_client_pool_capacity", "http_proxy", "http_proxy_password"),
    *("http_proxy_username", "http_retry_quota_throttled", "http_retry_throttled_wait_ms"),
    *("parquet_metadata_cache", "parquet_prefetch_column_gap", "parquet_use_page_index"),
    *(
        "partitioned_write_flush_threshold",
        "partitioned_write_max_open_files",
        "prefetch_all_parquet_files",
        "read_ahead_depth",
    ),
    *("validate_external_file_cache",),
    # How a database is stored.
    *("auto_checkpoint_skip_wal_threshold", "checkpoint_on_detach", "checkpoint_threshold"),
    *("debug_checkpoint_scan_sleep_ms", "default_block_size", "disabled_compression_methods"),
    *("enable_optimistic_write", "experimental_metadata_reuse", "force_column_metadata_reuse", "force_compression"),
    *("fsync_mode", "geometry_minimum_shredding_size", "initial_column_segment_size", "max_vacuum_tasks"),
    *("storage_block_prefetch", "storage_compatibility_version", "variant_minimum_shredding_size"),
    *("wal_autocheckpoint", "wal_autocheckpoint_entries", "write_buffer_row_group_count"),
    *("write_buffer_row_group_memory_limit", "zstd_min_string_length"),
    # Transactions and dependencies.
    *("current_transaction_invalidation_policy", "default_transaction_invalidation_policy"),
    *("disable_database_invalidation", "enable_macro_dependencies", "enable_view_dependencies"),
    *("immediate_transaction_mode",),
    # What is shown and logged.
    *("catalog_error_max_schemas", "disabled_log_types", "enable_logging", "enable_profiling", "enable_progress_bar"),
    *("enable_progress_bar_print", "enabled_log_types", "errors_as_json", "explain_output", "log_query_path"),
    *("logging_level", "logging_mode", "logging_sink", "logging_storage", "profile_output", "profiling_coverage"),
    *(
        "profiling_output",
        "profiling_renderer_settings",
        "progress_bar_time",
        "redact_http_logs",
        "tracked_metrics",
        "warnings_as_errors",
    ),
    # What clients of DuckDB's are given.
    *("arrow_lossless_conversion", "arrow_output_list_view"),
    # Where Python's variables are looked for, which no view reads.
    *("pandas_analyze_sample", "python_enable_replacements", "python_scan_all_frames"),
    # Another name of one above; and what names mean, which is stored with a view by itself.
    *("null_order", "schema", "search_path"),
)


def apply(session: Session, settings: dict[str, str]) -> None:
    """Set these for the session; but for those that this version of DuckDB lacks.

    Raises:
        duckdb.InvalidInputException: if one is no setting that a view is stored with, or does not take its value.
    """
    for name in settings:
        if name not in CHANGE_RESULTS:
            raise duckdb.InvalidInputException(f"{name!r} is no setting that a view is stored with: it is not set")
    session.configure([(name, settings[name]) for name in CHANGE_RESULTS if name in settings])
