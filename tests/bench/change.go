package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// upChange compares the way of an edited handler, from the edit through `up` until the ingress
// gives its new answer, with the compiler's time for such an edit.
func upChange(ctx context.Context, b *bench) (result, error) {
	defer b.removeAfter(ctx)
	if err := b.up(ctx); err != nil {
		return result{}, err
	}
	if err := b.compile(ctx); err != nil { // fills its cache, as up has filled its own
		return result{}, err
	}
	handler, err := b.handler()
	if err != nil {
		return result{}, err
	}
	defer b.cleanUp(handler.restore)
	client, err := b.client(ctx, 1)
	if err != nil {
		return result{}, err
	}
	return b.ratios(func(pair int) error {
		text := fmt.Sprintf("there is no such product, says release %d", pair)
		if err := handler.say(text); err != nil {
			return err
		}
		if err := b.up(ctx); err != nil {
			return err
		}
		return answers(ctx, client, text)
	}, func(pair int) error {
		if err := handler.say(fmt.Sprintf("there is no such product, says the compiler %d", pair)); err != nil {
			return err
		}
		return b.compile(ctx)
	})
}

// handler is the file of the service's handlers, as it was.
type handler struct{ file, text string }

// missing is what the service's handlers say of a product that is not there.
const missing = "there is no such product"

func (b *bench) handler() (handler, error) {
	h := handler{file: filepath.Join(b.copy, "services", service, "internal", "api", "api.go")}
	text, err := os.ReadFile(h.file)
	if err == nil && strings.Count(string(text), missing) != 1 {
		err = fmt.Errorf("%s does not say %q once", h.file, missing)
	}
	h.text = string(text)
	return h, err
}

// say changes what the handler answers.
func (h handler) say(text string) error {
	return os.WriteFile(h.file, []byte(strings.Replace(h.text, missing, text, 1)), 0o644)
}

func (h handler) restore() error { return h.say(missing) }

// answers waits until the ingress says the text of a product that is not there.
func answers(ctx context.Context, client *http.Client, text string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		_, body, err := get(ctx, client, productsURL+"/none")
		if err == nil && strings.Contains(body, text) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the ingress does not answer %q: %q, %w", text, body, errors.Join(err, ctx.Err()))
		case <-time.After(20 * time.Millisecond):
		}
	}
}
