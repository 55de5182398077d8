-- One row per call that failed in the last refresh of a view.
-- columns: database VARCHAR, run_id BIGINT, view VARCHAR, function VARCHAR, code_version VARCHAR, input_fingerprint UUID, input VARCHAR, source_key JSON, error VARCHAR, attempts INTEGER, failed_at TIMESTAMPTZ
SELECT
    coco_db_name AS database,
    run_id,
    view_name AS view,
    function,
    code_version,
    input_fingerprint::UUID AS input_fingerprint,
    input,
    source_key,
    error,
    attempts,
    failed_at
FROM coco_db.coco.errors
