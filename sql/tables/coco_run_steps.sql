-- columns: database VARCHAR, run_id BIGINT, step INTEGER, view VARCHAR, operator_id INTEGER, what VARCHAR, sql VARCHAR, rows BIGINT, parts_read BIGINT, parts_skipped BIGINT, seconds DOUBLE
SELECT coco_db_name AS database, run_id, step, view_name AS view, operator_id, what, sql, rows, parts_read, parts_skipped, seconds
FROM coco_db.coco.run_steps
