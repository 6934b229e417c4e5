// Package catalog asks the catalog service about products.
package catalog

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"kindling.internal/services/inventory/internal/stock"
	"kindling.internal/services/kit/client"
)

// Config says where the catalog is and how patient calls to it are.
type Config struct {
	URL    string        `mapstructure:"url" default:"http://localhost:8081" validate:"http_url"`
	Client client.Config `mapstructure:"client"`
}

// Catalog is the service seen from here.
type Catalog struct{ client *client.Client }

// New returns the catalog at the configured address.
func New(config Config) (*Catalog, error) {
	made, err := client.New("catalog", config.URL, config.Client)
	if err != nil {
		return nil, err
	}
	return &Catalog{made}, nil
}

// Products returns by SKU those of the given that the catalog has, asking
// once for all. The error wraps stock.ErrCatalogUnavailable.
func (c *Catalog) Products(ctx context.Context, skus []string) (map[string]stock.Product, error) {
	var answer struct {
		Items []stock.Product `json:"items"`
	}
	query := url.Values{"sku": skus, "limit": {strconv.Itoa(len(skus))}}
	err := c.client.GetJSON(ctx, "/api/products", query, &answer)
	if errors.Is(err, context.Canceled) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", stock.ErrCatalogUnavailable, err)
	}
	products := make(map[string]stock.Product, len(answer.Items))
	for _, product := range answer.Items {
		products[product.SKU] = product
	}
	return products, nil
}
