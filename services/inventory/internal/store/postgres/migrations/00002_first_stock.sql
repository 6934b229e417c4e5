-- +goose Up
INSERT INTO levels (sku, quantity) VALUES
    ('candle-beeswax', 120),
    ('kindling-birch', 40),
    ('lighter-storm', 75),
    ('matches-long', 600),
    ('stove-camp', 8)
ON CONFLICT (sku) DO NOTHING;

-- +goose Down
DELETE FROM levels WHERE sku IN ('candle-beeswax', 'kindling-birch', 'lighter-storm', 'matches-long', 'stove-camp')
    AND NOT EXISTS (SELECT FROM adjustments a WHERE a.sku = levels.sku)
    AND NOT EXISTS (SELECT FROM reservations r WHERE r.sku = levels.sku);
