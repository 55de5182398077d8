-- Row ids are BIGINT, counted by view, where they were UHUGEINT: version << 64 | number. What rows have becomes
-- version << 32 | number; the count goes on behind.
ALTER TABLE coco.views ADD COLUMN next_row_id BIGINT;
UPDATE coco.views SET next_row_id = (version + 1) * 4294967296;

-- Each row is a statement:
WITH row_ids AS (
    SELECT unnest([state_table, history_table]) AS table_name, 'coco_row_id' AS column_name FROM coco.views
    UNION ALL
    -- What operators keep of the rows of other views: the ids of those that their rows came from.
    SELECT
        unnest([o.state_table, 'failed_' || view_id || '_' || operator_id, h.history_table]),
        'coco_source_id' || CASE WHEN place > 1 THEN '_' || place ELSE '' END
    FROM (
        SELECT view_id, operator_id, state_table, unnest(inputs) AS input_id, generate_subscripts(inputs, 1) AS place
        FROM coco.operators WHERE kind IN ('map', 'join')
    ) AS o
    JOIN coco.inputs AS i USING (view_id, input_id)
    LEFT JOIN coco.views AS h USING (view_id, state_table)
    WHERE i.capture = 'view'
)
SELECT DISTINCT format(
    'ALTER TABLE coco.{0} ALTER {1} TYPE BIGINT '
    'USING ({1} >> 64)::BIGINT * 4294967296 + ({1} & 4294967295::UHUGEINT)::BIGINT',
    '"' || replace(table_name, '"', '""') || '"', column_name
)
FROM row_ids JOIN duckdb_columns() AS c USING (table_name, column_name)
WHERE c.database_name = current_database() AND c.schema_name = 'coco' AND c.data_type = 'UHUGEINT'
