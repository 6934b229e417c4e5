-- +goose Up
CREATE TABLE outbox (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    type text NOT NULL,
    payload json NOT NULL,
    occurred_at timestamptz NOT NULL,
    trace text NOT NULL
);

-- +goose Down
DROP TABLE outbox;
