package api

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"kindling.internal/services/inventory/internal/stock"
	"kindling.internal/services/kit/problem"
)

const (
	newestAdjustments = 100
	maxKeyLength      = 128
)

type adjustment struct {
	Delta  int64  `json:"delta" validate:"required,min=-1000000000,max=1000000000"`
	Reason string `json:"reason" validate:"required,max=200"`
}

type reservation struct {
	Quantity int64 `json:"quantity" validate:"required,min=1,max=1000000000"`
}

// changed is a level after a change of it, without the product.
type changed struct {
	stock.Level
	Available int64 `json:"available"`
}

func (h handlers) adjust(c *gin.Context) error {
	var body adjustment
	if err := problem.Bind(c, &body); err != nil {
		return err
	}
	adjusted, err := h.inventory.Adjust(c.Request.Context(), c.Param("sku"), body.Delta, body.Reason)
	if err != nil {
		return translate(err)
	}
	c.JSON(http.StatusOK, changed{adjusted, adjusted.Available()})
	return nil
}

func (h handlers) adjustments(c *gin.Context) error {
	found, err := h.inventory.Adjustments(c.Request.Context(), c.Param("sku"), newestAdjustments)
	if err != nil {
		return translate(err)
	}
	c.JSON(http.StatusOK, gin.H{"items": found})
	return nil
}

// reserve answers 201 for a new reservation and 200 for one that the key
// already made.
func (h handlers) reserve(c *gin.Context) error {
	key := c.GetHeader("Idempotency-Key")
	if key == "" || len(key) > maxKeyLength {
		return problem.New(http.StatusBadRequest, "send an Idempotency-Key of 1 to %d characters, a new one for each reservation", maxKeyLength)
	}
	var body reservation
	if err := problem.Bind(c, &body); err != nil {
		return err
	}
	stored, replayed, err := h.inventory.Reserve(c.Request.Context(), c.Param("sku"), body.Quantity, key)
	if err != nil {
		return translate(err)
	}
	status := http.StatusCreated
	if replayed {
		status = http.StatusOK
	}
	c.Header("Location", c.Request.URL.Path+"/"+stored.ID.String())
	c.JSON(status, stored)
	return nil
}

func (h handlers) reservation(c *gin.Context) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	found, err := h.inventory.Reservation(c.Request.Context(), c.Param("sku"), id)
	if err != nil {
		return translate(err)
	}
	c.JSON(http.StatusOK, found)
	return nil
}

func (h handlers) release(c *gin.Context) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	if err := h.inventory.Release(c.Request.Context(), c.Param("sku"), id); err != nil {
		return translate(err)
	}
	c.Status(http.StatusNoContent)
	return nil
}
