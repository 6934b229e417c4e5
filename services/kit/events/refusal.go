package events

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// refusedError is a right that the user does not have.
type refusedError struct {
	subject, user, service, stream string
	cause                          error
}

func (e *refusedError) Error() string {
	return fmt.Sprintf("the broker refuses %q to user %q: the user of a service publishes on events.%s.> and reads through the consumer %s of %s, "+
		"and nothing else; MESSAGING_USER must be the service's name (%v)", e.subject, e.user, e.service, e.service, e.stream, e.cause)
}

func (e *refusedError) Unwrap() error { return e.cause }

// subjects finds the subject in what the broker says.
var subjects = regexp.MustCompile(`to "([^"]+)"`)

func (s *stream) refused(cause error) *refusedError {
	refused := &refusedError{user: s.config.User, service: s.service, stream: s.config.Stream, cause: cause}
	if found := subjects.FindStringSubmatch(cause.Error()); found != nil {
		refused.subject = found[1]
	}
	return refused
}

// refusals bring what the broker refuses to who asked for it: the broker
// answers a question without right by nothing but a word to the connection.
type refusals struct {
	mu      sync.Mutex
	next    int
	waiting map[int]waitingFor
}

type waitingFor struct {
	subject string
	cancel  context.CancelCauseFunc
}

// watch returns a context that ends when the broker refuses the subject.
func (r *refusals) watch(ctx context.Context, subject string) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting == nil {
		r.waiting = map[int]waitingFor{}
	}
	key := r.next
	r.next++
	r.waiting[key] = waitingFor{subject, cancel}
	return ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.waiting, key)
		cancel(nil)
	}
}

func (r *refusals) tell(err *refusedError) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range r.waiting {
		// Without its inbox a service gets no answer to anything.
		if w.subject == err.subject || strings.HasPrefix(err.subject, inboxes) {
			w.cancel(err)
		}
	}
}

// explain puts an error of the broker in words that say what to do. ctx is
// the one that was watched.
func (s *stream) explain(ctx context.Context, err error) error {
	var refused *refusedError
	switch {
	case errors.As(context.Cause(ctx), &refused):
		return refused
	case errors.Is(err, jetstream.ErrStreamNotFound), errors.Is(err, jetstream.ErrNoStreamResponse):
		return fmt.Errorf("the broker has no stream %s for events.>: make up makes it, and says why it could not (%w)", s.config.Stream, err)
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount), errors.Is(err, nats.ErrNoResponders):
		return fmt.Errorf("the broker keeps no streams at the moment: JetStream is off, or its servers have no majority (%w)", err)
	}
	return err
}
