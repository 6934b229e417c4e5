// Package product is the domain of the catalog: what a product is, what may
// be done with it, and the store that this needs.
package product

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
)

var (
	// ErrNotFound means that there is no such product.
	ErrNotFound = errors.New("product not found")
	// ErrDuplicate means that the SKU is taken.
	ErrDuplicate = errors.New("sku is taken")
	// ErrConflict means that the product has another version by now.
	ErrConflict = errors.New("product has changed")
	// ErrUnavailable means that the store cannot be used at the moment.
	ErrUnavailable = errors.New("store unavailable")
)

// Price is an amount of money.
type Price struct {
	// Amount in minor units: 1999 is 19.99 in a currency with cents.
	Amount int64 `json:"amount" validate:"min=0"`
	// Currency is a code of ISO 4217.
	Currency string `json:"currency" validate:"required,iso4217"`
}

// Product is something that can be sold.
type Product struct {
	ID    uuid.UUID `json:"id"`
	SKU   string    `json:"sku"` // never changes: other services refer to it
	Name  string    `json:"name"`
	Price Price     `json:"price"`
	// Version counts the changes, from 1.
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Filter chooses and pages products. They come in the order of their SKUs.
type Filter struct {
	SKUs  []string // any of these; all when empty
	Name  string   // part of the name, in any case
	After string   // SKU after which the page begins
	Limit int      // at most so many
}

// AnyVersion as an expected version matches every one.
const AnyVersion = 0

// Store keeps products. Each change is atomic; a change that expects another
// version than the stored one fails with ErrConflict.
type Store interface {
	List(ctx context.Context, filter Filter) ([]Product, error)
	Get(ctx context.Context, id uuid.UUID) (Product, error)
	Create(ctx context.Context, product Product) error
	Update(ctx context.Context, product Product, expected int64) (Product, error)
	Delete(ctx context.Context, id uuid.UUID, expected int64) error
}

// Catalog is the products that there are.
type Catalog struct {
	store Store
	now   func() time.Time
}

// NewCatalog returns the catalog kept in store.
func NewCatalog(store Store) *Catalog { return &Catalog{store: store, now: time.Now} }

// Page is part of a list; Next is empty at its end.
type Page struct {
	Items []Product
	Next  string
}

// List returns the products that the filter chooses, a page of them.
func (c *Catalog) List(ctx context.Context, filter Filter) (Page, error) {
	wanted := filter.Limit
	filter.Limit++ // one more tells whether there is a next page
	items, err := c.store.List(ctx, filter)
	if err != nil {
		return Page{}, err
	}
	if len(items) <= wanted {
		return Page{Items: items}, nil
	}
	return Page{Items: items[:wanted], Next: items[wanted-1].SKU}, nil
}

// Get returns a product or ErrNotFound.
func (c *Catalog) Get(ctx context.Context, id uuid.UUID) (Product, error) {
	return c.store.Get(ctx, id)
}

// Create adds a product. The error is ErrDuplicate when the SKU is taken.
func (c *Catalog) Create(ctx context.Context, sku, name string, price Price) (Product, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Product{}, err
	}
	now := c.instant()
	created := Product{ID: id, SKU: sku, Name: name, Price: price, Version: 1, CreatedAt: now, UpdatedAt: now}
	return created, c.store.Create(ctx, created)
}

// Update changes name and price of a product whose version is the expected one.
func (c *Catalog) Update(ctx context.Context, id uuid.UUID, expected int64, name string, price Price) (Product, error) {
	return c.store.Update(ctx, Product{ID: id, Name: name, Price: price, UpdatedAt: c.instant()}, expected)
}

// Delete removes a product whose version is the expected one.
func (c *Catalog) Delete(ctx context.Context, id uuid.UUID, expected int64) error {
	return c.store.Delete(ctx, id, expected)
}

// instant is now in UTC, in the microseconds that PostgreSQL keeps.
func (c *Catalog) instant() time.Time { return c.now().UTC().Truncate(time.Microsecond) }
