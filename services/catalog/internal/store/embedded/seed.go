package embedded

import (
	"time"

	"github.com/google/uuid"

	"kindling.internal/services/catalog/internal/product"
)

// firstProducts are the same as the second migration of the PostgreSQL store
// adds; the contract test holds them together.
func firstProducts() []product.Product {
	seeds := []struct {
		sku, name string
		cents     int64
	}{
		{"candle-beeswax", "Beeswax candle", 890},
		{"kindling-birch", "Birch kindling, 5 kg", 1250},
		{"lighter-storm", "Storm lighter", 2499},
		{"matches-long", "Long matches, 60", 320},
		{"stove-camp", "Camp stove", 5900},
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	products := make([]product.Product, len(seeds))
	for i, seed := range seeds {
		id := uuid.MustParse("0193a000-0000-7000-8000-000000000000")
		id[15] = byte(i + 1)
		products[i] = product.Product{
			ID: id, SKU: seed.sku, Name: seed.name, Version: 1, CreatedAt: now, UpdatedAt: now,
			Price: product.Price{Amount: seed.cents, Currency: "EUR"},
		}
	}
	return products
}
