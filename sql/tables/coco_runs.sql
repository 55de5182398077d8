-- One row per refresh. coco_running are those that go on in this process: they are recorded once they make calls. A run of
-- another process was killed.
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
FROM (
    FROM coco_db.coco.runs
    UNION ALL BY NAME
    SELECT
        c.run_id, c.view_id, c.view_name, c.started_at, 'running' AS status,
        0 AS inserted, 0 AS updated, 0 AS deleted, 0 AS calls, 0 AS hits
    FROM coco_running AS c
    WHERE c.database = coco_db_name AND c.run_id NOT IN (SELECT r.run_id FROM coco_db.coco.runs AS r)
)
