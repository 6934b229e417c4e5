-- +goose Up
INSERT INTO products (id, sku, name, price_amount, price_currency) VALUES
    ('0193a000-0000-7000-8000-000000000001', 'candle-beeswax', 'Beeswax candle', 890, 'EUR'),
    ('0193a000-0000-7000-8000-000000000002', 'kindling-birch', 'Birch kindling, 5 kg', 1250, 'EUR'),
    ('0193a000-0000-7000-8000-000000000003', 'lighter-storm', 'Storm lighter', 2499, 'EUR'),
    ('0193a000-0000-7000-8000-000000000004', 'matches-long', 'Long matches, 60', 320, 'EUR'),
    ('0193a000-0000-7000-8000-000000000005', 'stove-camp', 'Camp stove', 5900, 'EUR')
ON CONFLICT (sku) DO NOTHING;

-- +goose Down
DELETE FROM products WHERE id::text LIKE '0193a000-0000-7000-8000-%';
