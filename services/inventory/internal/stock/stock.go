// Package stock is the domain of the inventory: how much of what there is,
// what of it is promised, and what this needs of a store and of the catalog.
package stock

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
)

var (
	// ErrNotFound means that there is no such stock level or reservation.
	ErrNotFound = errors.New("not found")
	// ErrInsufficient means that less is available than was asked for.
	ErrInsufficient = errors.New("insufficient stock")
	// ErrKeyReused means that an idempotency key came with another request.
	ErrKeyReused = errors.New("idempotency key was used for another request")
	// ErrUnknownProduct means that the catalog has no product of that SKU.
	ErrUnknownProduct = errors.New("unknown product")
	// ErrStoreUnavailable means that the store cannot be used at the moment.
	ErrStoreUnavailable = errors.New("store unavailable")
	// ErrCatalogUnavailable means that the catalog cannot be asked now.
	ErrCatalogUnavailable = errors.New("catalog unavailable")
)

// Level is how many pieces of a product there are.
type Level struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"` // in the house
	Reserved int64  `json:"reserved"` // of these, promised to somebody
	// UpdatedAt is when quantity or reserved last changed.
	UpdatedAt time.Time `json:"updated_at"`
}

// Available is what can still be promised.
func (l Level) Available() int64 { return l.Quantity - l.Reserved }

// Adjustment is a change of a quantity and why it was made.
type Adjustment struct {
	ID        uuid.UUID `json:"id"`
	SKU       string    `json:"sku"`
	Delta     int64     `json:"delta"`
	Reason    string    `json:"reason"`
	CreatedAt time.Time `json:"created_at"`
}

// Reservation is a promise of some pieces.
type Reservation struct {
	ID        uuid.UUID `json:"id"`
	SKU       string    `json:"sku"`
	Quantity  int64     `json:"quantity"`
	CreatedAt time.Time `json:"created_at"`
	// Key is the caller's idempotency key: one key, one reservation.
	Key string `json:"-"`
}

// Product is what the catalog says of a SKU.
type Product struct {
	ID    uuid.UUID `json:"id"`
	SKU   string    `json:"sku"`
	Name  string    `json:"name"`
	Price Price     `json:"price"`
}

// Price is an amount in minor units of a currency of ISO 4217.
type Price struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// Store keeps levels, adjustments and reservations. Each change is atomic.
type Store interface {
	// Levels come in the order of their SKUs, from the one after the given.
	Levels(ctx context.Context, after string, limit int) ([]Level, error)
	Level(ctx context.Context, sku string) (Level, error)
	// Adjust makes the level when there is none. It fails with
	// ErrInsufficient when less would be left than is reserved.
	Adjust(ctx context.Context, adjustment Adjustment) (Level, error)
	// Adjustments are the newest ones of a SKU, newest first.
	Adjustments(ctx context.Context, sku string, limit int) ([]Adjustment, error)
	// Reserve returns the reservation that has the key, and whether it was
	// there before. It fails with ErrKeyReused when that one differs.
	Reserve(ctx context.Context, reservation Reservation) (stored Reservation, replayed bool, err error)
	Reservation(ctx context.Context, sku string, id uuid.UUID) (Reservation, error)
	// Release takes a reservation back.
	Release(ctx context.Context, sku string, id uuid.UUID, at time.Time) error
}

// Catalog tells which products there are. Its error wraps
// ErrCatalogUnavailable when it cannot be asked.
type Catalog interface {
	// Products returns by SKU those of the given that exist.
	Products(ctx context.Context, skus []string) (map[string]Product, error)
}
