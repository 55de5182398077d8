-- One row per refresh. coco_running are those that go on in this process; a run of another was killed.
-- columns: database VARCHAR, run_id BIGINT, view VARCHAR, version BIGINT, started_at TIMESTAMPTZ, finished_at TIMESTAMPTZ, status VARCHAR, inserted BIGINT, updated BIGINT, deleted BIGINT, calls BIGINT, hits BIGINT, errors BIGINT, total BIGINT, calls_per_second DOUBLE, seconds_left DOUBLE, seconds DOUBLE, error VARCHAR, query VARCHAR, functions MAP(VARCHAR, VARCHAR), changed_sources VARCHAR[]
SELECT
    coco_db_name AS database,
    run_id,
    view_name AS view,
    version,
    started_at,
    finished_at,
    CASE
        WHEN status = 'running' AND run_id NOT IN (SELECT c.run_id FROM coco_running AS c WHERE c.database = coco_db_name)
        THEN 'killed' ELSE status
    END AS status,
    inserted,
    updated,
    deleted,
    calls,
    hits,
    errors,
    total,
    CASE WHEN seconds > 0 THEN calls / seconds END AS calls_per_second,
    CASE WHEN status = 'running' AND calls > 0 THEN (total - calls) * seconds / calls END AS seconds_left,
    seconds,
    error,
    query,
    functions,
    changed_sources
FROM coco_db.coco.runs
