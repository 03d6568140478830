-- The schemas of the framework and the event store.
CREATE SCHEMA ms_framework;
CREATE SCHEMA ms_agents;
CREATE SCHEMA ms_messaging;
CREATE SCHEMA ms_audit;
CREATE SCHEMA ms_config;

-- One row per event of the bus.  position is the order of storing; version is
-- dense within an aggregate, from 1; bus_seq is the order on the bus.
CREATE TABLE ms_framework.event_store (
    id             uuid        NOT NULL,
    source         text        NOT NULL,
    id_text        text,                 -- the id as given when it is no UUID
    position       bigint      GENERATED ALWAYS AS IDENTITY,
    bus_seq        bigint      NOT NULL,
    subject        text        NOT NULL,
    aggregate_type text        NOT NULL,
    aggregate_id   text        NOT NULL,
    event_version  bigint      NOT NULL,
    event_type     text        NOT NULL,
    event_data     jsonb,                -- NULL: see event_raw
    event_raw      bytea,                -- what cannot be shown as JSON
    content_type   text,
    metadata       jsonb,                -- other attributes of the event
    correlation_id uuid,
    causation_id   uuid,
    created_at     timestamptz NOT NULL, -- when it happened
    stored_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, source),
    UNIQUE (aggregate_type, aggregate_id, event_version)
);
CREATE UNIQUE INDEX event_store_position ON ms_framework.event_store (position);
CREATE INDEX event_store_correlation ON ms_framework.event_store (correlation_id)
    WHERE correlation_id IS NOT NULL;
CREATE INDEX event_store_created_at ON ms_framework.event_store
    USING brin (created_at);

-- The last version of each aggregate: what makes versions dense.
CREATE TABLE ms_framework.aggregates (
    aggregate_type text   NOT NULL,
    aggregate_id   text   NOT NULL,
    version        bigint NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id)
);

-- How far each durable consumer of the bus has been stored.
CREATE TABLE ms_framework.cursors (
    consumer   text        PRIMARY KEY,
    seq        bigint      NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
