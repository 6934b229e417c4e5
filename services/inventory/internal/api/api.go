// Package api serves the inventory over HTTP.
package api

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"kindling.internal/services/inventory/internal/stock"
	"kindling.internal/services/kit/problem"
)

// retryAfter is what callers are told when store or catalog is out of reach.
const retryAfter = 5 * time.Second

type handlers struct {
	inventory *stock.Inventory
	logger    *slog.Logger
}

// Register adds the routes below group.
func Register(group *gin.RouterGroup, inventory *stock.Inventory, logger *slog.Logger) {
	h := handlers{inventory, logger}
	group.GET("", problem.Handle(h.list))
	group.GET("/:sku", problem.Handle(h.get))
	group.GET("/:sku/adjustments", problem.Handle(h.adjustments))
	group.POST("/:sku/adjustments", problem.Handle(h.adjust))
	group.POST("/:sku/reservations", problem.Handle(h.reserve))
	group.GET("/:sku/reservations/:id", problem.Handle(h.reservation))
	group.DELETE("/:sku/reservations/:id", problem.Handle(h.release))
}

// level is a stock level as callers see it.
type level struct {
	stock.Level
	Available int64          `json:"available"`
	Product   *stock.Product `json:"product"` // null when unknown or degraded
	Degraded  bool           `json:"degraded,omitempty"`
}

type page struct {
	Items []level `json:"items"`
	// NextCursor continues the list; absent on the last page.
	NextCursor string `json:"next_cursor,omitempty"`
	// Degraded tells that products are null because the catalog is away.
	Degraded bool `json:"degraded,omitempty"`
}

func (h handlers) list(c *gin.Context) error {
	query, err := queryOf(c.Request.URL.Query())
	if err != nil {
		return err
	}
	found, err := h.inventory.List(c.Request.Context(), query.after, query.limit)
	if err != nil {
		return translate(err)
	}
	h.warn(c, found.Degraded)
	body := page{Items: make([]level, len(found.Items)), Degraded: found.Degraded != nil}
	for i, view := range found.Items {
		body.Items[i] = levelOf(view)
	}
	if found.Next != "" {
		body.NextCursor = encodeCursor(found.Next)
	}
	c.JSON(http.StatusOK, body)
	return nil
}

func (h handlers) get(c *gin.Context) error {
	view, err := h.inventory.Get(c.Request.Context(), c.Param("sku"))
	if err != nil {
		return translate(err)
	}
	h.warn(c, view.Degraded)
	c.JSON(http.StatusOK, levelOf(view))
	return nil
}

func levelOf(view stock.View) level {
	return level{Level: view.Level, Available: view.Available(), Product: view.Product, Degraded: view.Degraded != nil}
}

// warn logs why a read goes on without the catalog.
func (h handlers) warn(c *gin.Context, reason error) {
	if reason != nil {
		h.logger.WarnContext(c.Request.Context(), "answering without the catalog", "error", reason)
	}
}

// translate puts an error of the domain in HTTP's words.
func translate(err error) error {
	switch {
	case errors.Is(err, stock.ErrNotFound):
		return problem.New(http.StatusNotFound, "there is no such stock level or reservation")
	case errors.Is(err, stock.ErrInsufficient):
		return problem.New(http.StatusConflict, "less is available than this would take").Named("insufficient-stock", "Insufficient stock")
	case errors.Is(err, stock.ErrKeyReused):
		return problem.Invalid(problem.FieldError{Field: "Idempotency-Key", Detail: "was used for another reservation"})
	case errors.Is(err, stock.ErrUnknownProduct):
		return problem.New(http.StatusUnprocessableEntity, "the catalog has no product with this sku").Named("unknown-product", "Unknown product")
	case errors.Is(err, stock.ErrCatalogUnavailable):
		return problem.Unavailable(retryAfter, "the catalog cannot be asked whether the product exists").Because(err)
	case errors.Is(err, stock.ErrStoreUnavailable):
		return problem.Unavailable(retryAfter, "the stock cannot be read at the moment").Because(err)
	}
	return err
}

func idOf(c *gin.Context) (uuid.UUID, error) {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return id, translate(stock.ErrNotFound)
	}
	return id, nil
}
