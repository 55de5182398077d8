-- One row per incremental view. coco_states has what is worked out on reading: status, its reason, and the row count.
-- columns: database VARCHAR, schema VARCHAR, name VARCHAR, query VARCHAR, status VARCHAR, status_reason VARCHAR, version BIGINT, row_count BIGINT, incremental BOOLEAN, last_refreshed TIMESTAMPTZ, options MAP(VARCHAR, VARCHAR)
SELECT
    coco_db_name AS database,
    v.schema_name AS schema,
    v.view_name AS name,
    v.query,
    s.status,
    s.status_reason,
    v.version,
    s.row_count,
    v.incremental,
    v.last_refreshed,
    v.options
FROM coco_db.coco.views AS v JOIN coco_states AS s ON s.database = coco_db_name AND s.view_id = v.view_id
