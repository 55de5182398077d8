-- One row per refresh.
-- columns: database VARCHAR, run_id BIGINT, view VARCHAR, version BIGINT, started_at TIMESTAMPTZ, finished_at TIMESTAMPTZ, status VARCHAR, inserted BIGINT, updated BIGINT, deleted BIGINT, calls BIGINT, hits BIGINT, seconds DOUBLE, error VARCHAR
SELECT
    coco_db_name AS database,
    run_id,
    view_name AS view,
    version,
    started_at,
    finished_at,
    status,
    inserted,
    updated,
    deleted,
    calls,
    hits,
    seconds,
    error
FROM coco_db.coco.runs
