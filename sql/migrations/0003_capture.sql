-- What has been read of sources, shared by the views that read the same columns of one.

CREATE TABLE coco.snapshots (
    snapshot_id BIGINT NOT NULL,
    source VARCHAR NOT NULL,            -- the source as SQL, this database without its alias
    columns VARCHAR[] NOT NULL,
    kind VARCHAR NOT NULL,              -- 'rows': snapshot_<id> has a row for each; 'content': digests of parts only
    identity VARCHAR NOT NULL,          -- how rows are known again: the key, and the types of all columns
    version BIGINT NOT NULL,            -- counts the times at which rows had changed
    generation BIGINT NOT NULL,         -- another one whenever the parts are written
    checkpoint BIGINT,                  -- checkpoints of the file until the tokens of its parts were taken
    activation VARCHAR                  -- of the log keys_<id>, if it has missed nothing since the rows were read
);

-- A source is read in parts: row groups of a table, files. A part with the same token has the same rows.
CREATE TABLE coco.parts (
    snapshot_id BIGINT NOT NULL,
    part_id BIGINT NOT NULL,
    place VARCHAR NOT NULL,             -- its first row id, or its path
    token VARCHAR NOT NULL,             -- empty: it must be read again
    digest VARCHAR                      -- of 'content': what its rows add up to
);

-- Names and types of the columns of files, by what they were found from: they are not found out again as long as that
-- is the same.
CREATE TABLE coco.file_types (
    source VARCHAR NOT NULL,
    basis VARCHAR NOT NULL,
    names VARCHAR[] NOT NULL,
    types VARCHAR[] NOT NULL
);

-- What a refresh did, step by step.
CREATE TABLE coco.run_steps (
    run_id BIGINT NOT NULL,
    step INTEGER NOT NULL,
    view_name VARCHAR NOT NULL,
    operator_id INTEGER NOT NULL,
    what VARCHAR NOT NULL,
    sql VARCHAR NOT NULL,
    rows BIGINT,
    seconds DOUBLE NOT NULL,
    parts_read BIGINT,                  -- row groups or files
    parts_skipped BIGINT
);

-- Views that were refreshed before there were snapshots compare all of their rows at the next refresh.
DELETE FROM coco.inputs;
