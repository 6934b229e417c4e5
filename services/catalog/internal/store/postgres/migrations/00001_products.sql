-- +goose Up
CREATE TABLE products (
    id uuid PRIMARY KEY,
    -- Byte order, the same in every database and in the embedded store.
    sku text COLLATE "C" NOT NULL UNIQUE,
    name text NOT NULL,
    price_amount bigint NOT NULL CHECK (price_amount >= 0),
    price_currency char(3) NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- +goose Down
DROP TABLE products;
