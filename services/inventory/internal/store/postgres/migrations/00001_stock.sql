-- +goose Up
CREATE TABLE levels (
    -- Byte order, the same in every database and in the embedded store.
    sku text COLLATE "C" PRIMARY KEY,
    quantity bigint NOT NULL,
    reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT enough CHECK (quantity >= reserved)
);

CREATE TABLE adjustments (
    id uuid PRIMARY KEY,
    sku text COLLATE "C" NOT NULL REFERENCES levels (sku),
    delta bigint NOT NULL,
    reason text NOT NULL,
    created_at timestamptz NOT NULL
);
-- Identifiers are of version 7: their order is that of time.
CREATE INDEX adjustments_newest ON adjustments (sku, id DESC);

CREATE TABLE reservations (
    id uuid PRIMARY KEY,
    sku text COLLATE "C" NOT NULL REFERENCES levels (sku),
    quantity bigint NOT NULL CHECK (quantity > 0),
    idempotency_key text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    released_at timestamptz
);

-- +goose Down
DROP TABLE reservations;
DROP TABLE adjustments;
DROP TABLE levels;
