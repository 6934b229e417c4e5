package events

import "time"

// Config says where the broker is and how patient the handling of events is.
type Config struct {
	// URL of the broker, such as nats://messaging.apps.svc:4222; several are
	// separated by commas. Without one, events stay in the process.
	URL string `mapstructure:"url"`
	// User is the service's name: the broker holds it to its own subjects.
	User     string `mapstructure:"user" validate:"required_with=URL"`
	Password string `mapstructure:"password" secret:"true"`
	// Stream that keeps the events. The platform makes it.
	Stream string `mapstructure:"stream" default:"EVENTS" validate:"required"`

	// PublishTimeout bounds the wait until the broker has stored an event.
	PublishTimeout time.Duration `mapstructure:"publish_timeout" default:"5s" validate:"gt=0"`
	// Concurrency is how many events are handled at once.
	Concurrency int `mapstructure:"concurrency" default:"8" validate:"min=1,max=1000"`
	// HandleTimeout ends the context of a handler.
	HandleTimeout time.Duration `mapstructure:"handle_timeout" default:"30s" validate:"gt=0"`
	// RetryDelay is the pause after the first failure. It doubles with each,
	// up to a minute.
	RetryDelay time.Duration `mapstructure:"retry_delay" default:"1s" validate:"gt=0"`
	// MaxDeliveries is how often an event is tried before it is parked.
	MaxDeliveries int `mapstructure:"max_deliveries" default:"10" validate:"min=1"`
}

// ackMargin is how much longer than a handler may take the broker waits until
// it gives an event to another replica.
const ackMargin = 5 * time.Second

func (c Config) ackWait() time.Duration { return c.HandleTimeout + ackMargin }
