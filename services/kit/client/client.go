// Package client calls other services: with a time limit, retries of what may
// be repeated, a circuit breaker, and the request's id and trace passed on.
package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/sony/gobreaker/v2"
)

// ErrUnavailable is wrapped by every error that means that the other service
// cannot answer now: no connection, no answer in time, an answer that tells
// of overload or failure, or a circuit breaker that is open.
var ErrUnavailable = errors.New("service unavailable")

// maxBody bounds what is read of an answer, in bytes.
const maxBody = 8 << 20

// Config says how patient calls to one service are.
type Config struct {
	// Timeout of one attempt.
	Timeout time.Duration `mapstructure:"timeout" default:"2s" validate:"gt=0"`
	// Attempts at most, the first included.
	Attempts uint `mapstructure:"attempts" default:"3" validate:"min=1,max=10"`
	// OpenAfter failures in a row the breaker opens…
	OpenAfter uint32 `mapstructure:"open_after" default:"5" validate:"min=1"`
	// …and refuses calls for OpenFor before it tries one.
	OpenFor time.Duration `mapstructure:"open_for" default:"5s" validate:"gt=0"`
}

// StatusError is an answer that is neither success nor unavailability.
type StatusError struct {
	Service string
	Status  int
	Detail  string // of the problem that was sent, if it was one
}

// Error names the service, the status and the detail.
func (e *StatusError) Error() string {
	return fmt.Sprintf("%s answered %d: %s", e.Service, e.Status, e.Detail)
}

// Client calls one service. It is safe for concurrent use.
type Client struct {
	name    string
	base    *url.URL
	config  Config
	http    *http.Client
	breaker *gobreaker.CircuitBreaker[*http.Response]
}

// New returns a client of the named service at base, such as http://catalog.
func New(name, base string, config Config) (*Client, error) {
	parsed, err := url.Parse(base)
	if err != nil || parsed.Scheme == "" || parsed.Host == "" {
		return nil, fmt.Errorf("address of %s: %q is not a URL such as http://%s", name, base, name)
	}
	return &Client{
		name: name, base: parsed, config: config,
		http: &http.Client{Transport: newTransport()},
		breaker: gobreaker.NewCircuitBreaker[*http.Response](gobreaker.Settings{
			Name:         name,
			Timeout:      config.OpenFor,
			ReadyToTrip:  func(counts gobreaker.Counts) bool { return counts.ConsecutiveFailures >= config.OpenAfter },
			IsSuccessful: func(err error) bool { return err == nil || errors.Is(err, context.Canceled) },
		}),
	}, nil
}

// RetryAfter is how long an open breaker stays open at most.
func (c *Client) RetryAfter() time.Duration { return c.config.OpenFor }

// GetJSON gets path with query from the service and decodes the answer into
// target. The error wraps ErrUnavailable or is a *StatusError or tells that
// the answer could not be decoded.
func (c *Client) GetJSON(ctx context.Context, path string, query url.Values, target any) error {
	address := c.base.JoinPath(path)
	address.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return fmt.Errorf("call %s: %w", c.name, err)
	}
	request.Header.Set("Accept", "application/json")
	response, err := c.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		return c.statusError(response)
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxBody)).Decode(target); err != nil {
		return fmt.Errorf("%w: %s: the answer cannot be read: %w", ErrUnavailable, c.name, err)
	}
	return nil
}

// Do sends the request, again where that is allowed and useful: the method is
// idempotent or an Idempotency-Key is set, and the body can be had again. The
// caller closes the body of the answer.
func (c *Client) Do(request *http.Request) (*http.Response, error) {
	attempts := c.config.Attempts
	if !repeatable(request) {
		attempts = 1
	}
	policy := backoff.NewExponentialBackOff()
	policy.InitialInterval = 50 * time.Millisecond
	policy.MaxInterval = time.Second
	response, err := backoff.Retry(request.Context(), func() (*http.Response, error) {
		return c.attempt(request)
	}, backoff.WithBackOff(policy), backoff.WithMaxTries(attempts))
	if err == nil {
		return response, nil
	}
	var permanent *backoff.PermanentError
	if errors.As(err, &permanent) {
		err = permanent.Err
	}
	if errors.Is(request.Context().Err(), context.Canceled) {
		return nil, fmt.Errorf("call %s: %w", c.name, context.Canceled)
	}
	return nil, fmt.Errorf("%w: %s: %w", ErrUnavailable, c.name, err)
}

func (c *Client) attempt(request *http.Request) (*http.Response, error) {
	response, err := c.breaker.Execute(func() (*http.Response, error) { return c.send(request) })
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return nil, backoff.Permanent(err)
	}
	return response, err
}

func (c *Client) statusError(response *http.Response) error {
	var problem struct {
		Detail string `json:"detail"`
	}
	// An answer that is not a problem has no detail to tell.
	_ = json.NewDecoder(io.LimitReader(response.Body, maxBody)).Decode(&problem)
	return &StatusError{Service: c.name, Status: response.StatusCode, Detail: problem.Detail}
}
