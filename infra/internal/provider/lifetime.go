package provider

import (
	"context"
	"sync"
)

// Lifetime is the time in which the provider may work. When it ends early,
// because Terraform was killed, operations under way are cancelled and have
// the time they need to remove what they made.
type Lifetime struct {
	ctx    context.Context
	cancel context.CancelFunc
	busy   sync.WaitGroup
}

// NewLifetime returns a Lifetime that ends with ctx or at End.
func NewLifetime(ctx context.Context) *Lifetime {
	ctx, cancel := context.WithCancel(ctx)
	return &Lifetime{ctx: ctx, cancel: cancel}
}

// End cancels all operations and returns when they have ended.
func (l *Lifetime) End() {
	l.cancel()
	l.busy.Wait()
}

// operation returns ctx, cancelled also when the lifetime ends. The caller
// calls done when the operation is over.
func (l *Lifetime) operation(ctx context.Context) (_ context.Context, done func()) {
	l.busy.Add(1)
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(l.ctx, cancel)
	return ctx, func() {
		stop()
		cancel()
		l.busy.Done()
	}
}
