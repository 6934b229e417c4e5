// Package api serves the catalog over HTTP.
package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"kindling.internal/services/catalog/internal/product"
	"kindling.internal/services/kit/problem"
)

// retryAfter is what callers are told when the store is out of reach.
const retryAfter = 2 * time.Second

type handlers struct{ catalog *product.Catalog }

// Register adds the routes below group.
func Register(group *gin.RouterGroup, catalog *product.Catalog) {
	h := handlers{catalog}
	group.GET("", problem.Handle(h.list))
	group.POST("", problem.Handle(h.create))
	group.GET("/:id", problem.Handle(h.get))
	group.PUT("/:id", problem.Handle(h.update))
	group.DELETE("/:id", problem.Handle(h.delete))
}

type newProduct struct {
	SKU   string        `json:"sku" validate:"required,max=64,slug"`
	Name  string        `json:"name" validate:"required,max=200"`
	Price product.Price `json:"price"`
}

type change struct {
	Name  string        `json:"name" validate:"required,max=200"`
	Price product.Price `json:"price"`
}

type page struct {
	Items []product.Product `json:"items"`
	// NextCursor continues the list; absent on the last page.
	NextCursor string `json:"next_cursor,omitempty"`
}

func (h handlers) list(c *gin.Context) error {
	filter, err := filterOf(c.Request.URL.Query())
	if err != nil {
		return err
	}
	found, err := h.catalog.List(c.Request.Context(), filter)
	if err != nil {
		return translate(err)
	}
	body := page{Items: found.Items}
	if found.Next != "" {
		body.NextCursor = encodeCursor(found.Next)
	}
	c.JSON(http.StatusOK, body)
	return nil
}

func (h handlers) create(c *gin.Context) error {
	var body newProduct
	if err := problem.Bind(c, &body); err != nil {
		return err
	}
	created, err := h.catalog.Create(c.Request.Context(), body.SKU, body.Name, body.Price)
	if err != nil {
		return translate(err)
	}
	c.Header("Location", c.Request.URL.Path+"/"+created.ID.String())
	answer(c, http.StatusCreated, created)
	return nil
}

func (h handlers) get(c *gin.Context) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	found, err := h.catalog.Get(c.Request.Context(), id)
	if err != nil {
		return translate(err)
	}
	if c.GetHeader("If-None-Match") == etagOf(found.Version) {
		c.Header("ETag", etagOf(found.Version))
		c.Status(http.StatusNotModified)
		return nil
	}
	answer(c, http.StatusOK, found)
	return nil
}

func (h handlers) update(c *gin.Context) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	expected, err := expectedVersion(c)
	if err != nil {
		return err
	}
	var body change
	if err := problem.Bind(c, &body); err != nil {
		return err
	}
	updated, err := h.catalog.Update(c.Request.Context(), id, expected, body.Name, body.Price)
	if err != nil {
		return translate(err)
	}
	answer(c, http.StatusOK, updated)
	return nil
}

func (h handlers) delete(c *gin.Context) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	expected, err := expectedVersion(c)
	if err != nil {
		return err
	}
	if err := h.catalog.Delete(c.Request.Context(), id, expected); err != nil {
		return translate(err)
	}
	c.Status(http.StatusNoContent)
	return nil
}

func answer(c *gin.Context, status int, p product.Product) {
	c.Header("ETag", etagOf(p.Version))
	c.JSON(status, p)
}

func idOf(c *gin.Context) (uuid.UUID, error) {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return id, translate(product.ErrNotFound)
	}
	return id, nil
}

// translate puts an error of the domain in HTTP's words.
func translate(err error) error {
	switch {
	case errors.Is(err, product.ErrNotFound):
		return problem.New(http.StatusNotFound, "there is no such product")
	case errors.Is(err, product.ErrDuplicate):
		return problem.New(http.StatusConflict, "another product has this sku").Named("sku-taken", "SKU is taken")
	case errors.Is(err, product.ErrConflict):
		return problem.New(http.StatusPreconditionFailed, "the product has changed since; get it again and repeat the change")
	case errors.Is(err, product.ErrUnavailable):
		return problem.Unavailable(retryAfter, "the products cannot be read at the moment").Because(err)
	}
	return err
}
