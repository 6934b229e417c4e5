package requestid_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"kindling.internal/services/kit/requestid"
)

func TestNewIdentifiersDiffer(t *testing.T) {
	assert.Regexp(t, "^[0-9a-f]{32}$", requestid.New())
	assert.NotEqual(t, requestid.New(), requestid.New())
}

func TestOnlySafeIdentifiersOfCallersAreKept(t *testing.T) {
	assert.Equal(t, "web-1.2:3_a", requestid.Accept("web-1.2:3_a"))
	for _, unsafe := range []string{"", "a b", "line\nbreak", `quote"`, strings.Repeat("x", 65)} {
		assert.Regexp(t, "^[0-9a-f]{32}$", requestid.Accept(unsafe))
	}
}
