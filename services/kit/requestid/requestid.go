// Package requestid gives every request a name that its log records, its
// answer and the calls it causes share.
package requestid

import (
	"context"
	"encoding/hex"
	"math/rand/v2"
)

// Header carries the identifier in requests and answers.
const Header = "X-Request-Id"

// maxLength bounds what is accepted from a caller, in bytes: it is copied
// into every log record of the request.
const maxLength = 64

type contextKey struct{}

// New returns 32 hexadecimal digits. They are unique in practice, not secret.
func New() string {
	var raw [16]byte
	for i := 0; i < len(raw); i += 8 {
		word := rand.Uint64()
		for j := range 8 {
			raw[i+j] = byte(word >> (8 * j))
		}
	}
	var text [32]byte
	hex.Encode(text[:], raw[:])
	return string(text[:])
}

// Accept returns the caller's identifier when it is safe to log and to send
// on, and a new one otherwise.
func Accept(received string) string {
	if received == "" || len(received) > maxLength {
		return New()
	}
	for i := range len(received) {
		if !allowed(received[i]) {
			return New()
		}
	}
	return received
}

func allowed(c byte) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		return true
	}
	return c == '-' || c == '_' || c == '.' || c == ':'
}

// NewContext returns ctx carrying id.
func NewContext(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, contextKey{}, id)
}

// FromContext returns the identifier in ctx, or "" when there is none.
func FromContext(ctx context.Context) string {
	id, _ := ctx.Value(contextKey{}).(string)
	return id
}
