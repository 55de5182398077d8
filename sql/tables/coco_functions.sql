-- One row per function version. coco_registered are the versions that this process has registered.
-- columns: database VARCHAR, name VARCHAR, signature VARCHAR, code_version VARCHAR, current BOOLEAN, source VARCHAR, registered_at TIMESTAMPTZ, calls BIGINT, hits BIGINT, errors BIGINT, seconds DOUBLE
SELECT
    coco_db_name AS database,
    f.name,
    f.signature,
    f.code_version,
    (lower(f.name), f.code_version) IN (SELECT (name, code_version) FROM coco_registered) AS current,
    f.source,
    f.registered_at,
    coalesce(sum(c.calls), 0)::BIGINT AS calls,
    coalesce(sum(c.hits), 0)::BIGINT AS hits,
    coalesce(sum(c.errors), 0)::BIGINT AS errors,
    coalesce(sum(c.seconds), 0) AS seconds
FROM coco_db.coco.functions AS f
LEFT JOIN coco_db.coco.run_calls AS c ON lower(c.function) = lower(f.name) AND c.code_version = f.code_version
GROUP BY ALL
