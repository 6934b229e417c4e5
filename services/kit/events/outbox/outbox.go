// Package outbox publishes the events of changes in PostgreSQL without losing
// one: an event is written in the transaction of its change, and a relay
// publishes it from there. What happens to the change happens to the event.
package outbox

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"kindling.internal/services/kit/events"
)

// Add writes the event in the transaction of its change. Do the change first:
// of two changes that wait for each other, the events are then published in
// the same order.
func Add(ctx context.Context, tx pgx.Tx, event events.Event) error {
	if event.ID == "" || event.Type == "" {
		return errors.New("outbox: the event was not made by events.New")
	}
	_, err := tx.Exec(ctx, `INSERT INTO outbox (id, type, payload, occurred_at, trace) VALUES ($1, $2, $3, $4, $5)`,
		event.ID, event.Type, event.Payload, event.Time, event.Trace)
	if err != nil {
		return fmt.Errorf("add %s to the outbox: %w", event.Type, err)
	}
	return nil
}

// waitingEvent is a row of the outbox.
type waitingEvent struct {
	sequence int64
	event    events.Event
}

func waitingEvents(ctx context.Context, tx pgx.Tx, limit int) ([]waitingEvent, error) {
	rows, err := tx.Query(ctx, `SELECT sequence, id, type, payload, occurred_at, trace FROM outbox ORDER BY sequence LIMIT $1`, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (waitingEvent, error) {
		var w waitingEvent
		e := &w.event
		err := row.Scan(&w.sequence, &e.ID, &e.Type, &e.Payload, &e.Time, &e.Trace)
		e.Time = e.Time.UTC()
		return w, err
	})
}
