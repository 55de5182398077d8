-- Calls that fail, rows that wait for another try, and a run as it goes on.
ALTER TABLE coco.runs ADD COLUMN total BIGINT;         -- calls that it needs, as far as is known
ALTER TABLE coco.runs ADD COLUMN errors BIGINT;
ALTER TABLE coco.views ADD COLUMN failed_rows BIGINT;  -- rows of its source that failed at the last refresh

-- Calls that failed, of the last refresh of each view.
CREATE TABLE coco.errors (
    run_id BIGINT NOT NULL,
    view_id BIGINT NOT NULL,
    view_name VARCHAR NOT NULL,
    function VARCHAR NOT NULL,
    code_version VARCHAR NOT NULL,
    input_fingerprint UHUGEINT NOT NULL,
    input VARCHAR NOT NULL,
    error VARCHAR NOT NULL,
    attempts INTEGER NOT NULL,
    failed_at TIMESTAMPTZ NOT NULL
);
