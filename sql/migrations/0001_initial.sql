-- All that CocoSQL knows, in the user's own database. Every table here is an ordinary table that any DuckDB can read.
CREATE SCHEMA IF NOT EXISTS coco;

-- One row per migration of this schema that this database has been through.
CREATE TABLE coco.migrations (migration INTEGER NOT NULL, applied_at TIMESTAMPTZ NOT NULL DEFAULT now());

CREATE SEQUENCE coco.ids;
CREATE SEQUENCE coco.run_ids;

CREATE TABLE coco.views (
    view_id BIGINT NOT NULL,
    schema_name VARCHAR NOT NULL,
    view_name VARCHAR NOT NULL,
    query VARCHAR NOT NULL,             -- as stored: names qualified, this database without its alias
    column_names VARCHAR[] NOT NULL,
    column_types VARCHAR[] NOT NULL,
    given_columns VARCHAR[] NOT NULL,   -- the column list of CREATE, or empty
    key_columns VARCHAR[] NOT NULL,     -- what identifies a row, or empty
    options MAP(VARCHAR, VARCHAR) NOT NULL,
    settings MAP(VARCHAR, VARCHAR) NOT NULL,
    search_path VARCHAR[] NOT NULL,
    state_table VARCHAR NOT NULL,       -- the view's rows
    history_table VARCHAR NOT NULL,     -- rows that are gone, and when
    version BIGINT NOT NULL,
    has_data BOOLEAN NOT NULL,
    incremental BOOLEAN NOT NULL,
    definition VARCHAR NOT NULL,        -- fingerprint of the query with the views and macros that it uses
    created_at TIMESTAMPTZ NOT NULL,
    last_refreshed TIMESTAMPTZ,
    last_error VARCHAR
);

CREATE TABLE coco.operators (
    view_id BIGINT NOT NULL,
    operator_id INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    rule VARCHAR NOT NULL,
    inputs INTEGER[] NOT NULL,
    sql VARCHAR NOT NULL,
    state_table VARCHAR
);

-- What each view reads, and how far it has read.
CREATE TABLE coco.inputs (
    view_id BIGINT NOT NULL,
    input_id INTEGER NOT NULL,
    source VARCHAR NOT NULL,            -- the source as SQL, this database without its alias
    columns VARCHAR[] NOT NULL,
    capture VARCHAR NOT NULL,
    snapshot_table VARCHAR,
    position VARCHAR                    -- what the capture reads on from
);

-- Which function versions the present rows of a view were made with; `site` numbers the call_<site> column of its rows.
CREATE TABLE coco.calls (
    view_id BIGINT NOT NULL,
    site INTEGER,
    function VARCHAR NOT NULL,
    code_version VARCHAR NOT NULL
);

CREATE TABLE coco.functions (
    name VARCHAR NOT NULL,
    code_version VARCHAR NOT NULL,
    signature VARCHAR NOT NULL,
    parameter_types VARCHAR[] NOT NULL,
    takes_null BOOLEAN[] NOT NULL,
    result_type VARCHAR NOT NULL,
    source VARCHAR,
    memo_table VARCHAR NOT NULL,
    registered_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE coco.runs (
    run_id BIGINT NOT NULL,
    view_id BIGINT NOT NULL,
    view_name VARCHAR NOT NULL,
    version BIGINT,
    started_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    status VARCHAR NOT NULL,
    inserted BIGINT NOT NULL DEFAULT 0,
    updated BIGINT NOT NULL DEFAULT 0,
    deleted BIGINT NOT NULL DEFAULT 0,
    calls BIGINT NOT NULL DEFAULT 0,
    hits BIGINT NOT NULL DEFAULT 0,
    seconds DOUBLE,
    error VARCHAR
);

CREATE TABLE coco.run_calls (
    run_id BIGINT NOT NULL,
    function VARCHAR NOT NULL,
    code_version VARCHAR NOT NULL,
    calls BIGINT NOT NULL,
    hits BIGINT NOT NULL,
    errors BIGINT NOT NULL,
    seconds DOUBLE NOT NULL
);
