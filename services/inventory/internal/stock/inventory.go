package stock

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Inventory is the stock of the catalog's products.
type Inventory struct {
	store   Store
	catalog Catalog
	now     func() time.Time
}

// NewInventory returns the inventory kept in store.
func NewInventory(store Store, catalog Catalog) *Inventory {
	return &Inventory{store: store, catalog: catalog, now: time.Now}
}

// View is a level with the product it is of. Product is nil when the catalog
// no longer has it, or could not be asked, for the reason in Degraded.
type View struct {
	Level
	Product  *Product
	Degraded error
}

// Page is part of a list; Next is the SKU to go on after, empty at the end.
// Degraded is why products are missing, nil when the catalog answered.
type Page struct {
	Items    []View
	Next     string
	Degraded error
}

// List returns at most limit levels after a SKU.
func (i *Inventory) List(ctx context.Context, after string, limit int) (Page, error) {
	levels, err := i.store.Levels(ctx, after, limit+1) // one more tells of a next page
	if err != nil {
		return Page{}, err
	}
	page := Page{}
	if len(levels) > limit {
		levels = levels[:limit]
		page.Next = levels[limit-1].SKU
	}
	page.Items, err = i.views(ctx, levels)
	if errors.Is(err, ErrCatalogUnavailable) {
		page.Degraded, err = err, nil
	}
	return page, err
}

// Get returns one level.
func (i *Inventory) Get(ctx context.Context, sku string) (View, error) {
	level, err := i.store.Level(ctx, sku)
	if err != nil {
		return View{}, err
	}
	views, err := i.views(ctx, []Level{level})
	if errors.Is(err, ErrCatalogUnavailable) {
		err = nil
	}
	return views[0], err
}

// views looks the products of levels up, all at once. With an error the
// levels come without them.
func (i *Inventory) views(ctx context.Context, levels []Level) ([]View, error) {
	views := make([]View, len(levels))
	skus := make([]string, len(levels))
	for n, level := range levels {
		views[n].Level, skus[n] = level, level.SKU
	}
	if len(skus) == 0 {
		return views, nil
	}
	products, err := i.catalog.Products(ctx, skus)
	for n := range views {
		views[n].Degraded = err
		if product, ok := products[views[n].SKU]; ok {
			views[n].Product = &product
		}
	}
	return views, err
}

// Adjust changes the quantity of a product by delta.
func (i *Inventory) Adjust(ctx context.Context, sku string, delta int64, reason string) (Level, error) {
	if err := i.known(ctx, sku); err != nil {
		return Level{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Level{}, err
	}
	return i.store.Adjust(ctx, Adjustment{ID: id, SKU: sku, Delta: delta, Reason: reason, CreatedAt: i.instant()})
}

// Adjustments returns the newest changes of a quantity, newest first.
func (i *Inventory) Adjustments(ctx context.Context, sku string, limit int) ([]Adjustment, error) {
	if _, err := i.store.Level(ctx, sku); err != nil {
		return nil, err
	}
	return i.store.Adjustments(ctx, sku, limit)
}

// Reserve promises some pieces. The same key again gives the same reservation
// and replayed.
func (i *Inventory) Reserve(ctx context.Context, sku string, quantity int64, key string) (stored Reservation, replayed bool, err error) {
	if err := i.known(ctx, sku); err != nil {
		return Reservation{}, false, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Reservation{}, false, err
	}
	return i.store.Reserve(ctx, Reservation{ID: id, SKU: sku, Quantity: quantity, CreatedAt: i.instant(), Key: key})
}

// Reservation returns a reservation that was not released.
func (i *Inventory) Reservation(ctx context.Context, sku string, id uuid.UUID) (Reservation, error) {
	return i.store.Reservation(ctx, sku, id)
}

// Release takes a reservation back; its pieces are available again.
func (i *Inventory) Release(ctx context.Context, sku string, id uuid.UUID) error {
	return i.store.Release(ctx, sku, id, i.instant())
}

func (i *Inventory) known(ctx context.Context, sku string) error {
	products, err := i.catalog.Products(ctx, []string{sku})
	if err != nil {
		return err
	}
	if _, ok := products[sku]; !ok {
		return fmt.Errorf("%w: %s", ErrUnknownProduct, sku)
	}
	return nil
}

// instant is now in UTC, in the microseconds that PostgreSQL keeps.
func (i *Inventory) instant() time.Time { return i.now().UTC().Truncate(time.Microsecond) }
