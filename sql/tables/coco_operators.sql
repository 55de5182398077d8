-- One row per operator of a view's flow. coco_sizes has the rows and the bytes on disk of the tables that they keep.
SELECT
    o.operator_id,
    o.kind,
    o.rule,
    o.inputs,
    o.sql,
    o.state_table,
    z.row_count,
    z.bytes
FROM coco_db.coco.operators AS o LEFT JOIN coco_sizes AS z ON z.state_table = o.state_table
WHERE o.view_id = coco_view_id
