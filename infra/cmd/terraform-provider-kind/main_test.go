package main

import (
	"bytes"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestItIsAnOrphanWhenItsParentIsAnother(t *testing.T) {
	var parent atomic.Int64
	parent.Store(100)
	gone := orphaned(100, func() int { return int(parent.Load()) }, time.Millisecond)
	select {
	case <-gone:
		t.Fatal("its parent is still there")
	case <-time.After(20 * time.Millisecond):
	}
	parent.Store(1)
	select {
	case <-gone:
	case <-time.After(5 * time.Second):
		t.Fatal("it has not noticed")
	}
}

func TestUnknownFlagsAreRefused(t *testing.T) {
	var stderr bytes.Buffer
	assert.ErrorContains(t, run(t.Context(), []string{"-serve"}, &stderr), "flag provided but not defined: -serve")
	assert.Contains(t, stderr.String(), "serve for a debugger")
}
