// Package server runs a service's HTTP server: the middleware in one visible
// order, the probes, and an end that loses no request.
package server

import (
	"os"
	"time"
)

// Config holds the limits of the server.
type Config struct {
	// Port to listen on; 0 takes any that is free.
	Port int `mapstructure:"port" default:"8080" validate:"min=0,max=65535"`
	// DrainDelay is how long requests are still taken after readiness said
	// no, so that balancers have noticed. Negative means 3 s in Kubernetes
	// and none elsewhere.
	DrainDelay time.Duration `mapstructure:"drain_delay" default:"-1s"`
	// ShutdownTimeout bounds the wait for requests under way.
	ShutdownTimeout   time.Duration `mapstructure:"shutdown_timeout" default:"15s" validate:"gt=0"`
	ReadHeaderTimeout time.Duration `mapstructure:"read_header_timeout" default:"5s" validate:"gt=0"`
	ReadTimeout       time.Duration `mapstructure:"read_timeout" default:"30s" validate:"gt=0"`
	WriteTimeout      time.Duration `mapstructure:"write_timeout" default:"40s" validate:"gt=0"`
	// IdleTimeout must exceed that of the balancer in front (60 s in nginx):
	// whoever closes first risks losing the request that is on its way.
	IdleTimeout time.Duration `mapstructure:"idle_timeout" default:"90s" validate:"gt=0"`
	// RequestTimeout ends the context of a request.
	RequestTimeout time.Duration `mapstructure:"request_timeout" default:"10s" validate:"gt=0"`
	// BodyLimit is the largest body taken, in bytes.
	BodyLimit int64 `mapstructure:"body_limit" default:"1048576" validate:"gt=0"`
	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies []string `mapstructure:"trusted_proxies" default:"10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7" validate:"dive,cidr"`
}

const drainDelayInCluster = 3 * time.Second

func (c Config) drainDelay() time.Duration {
	if c.DrainDelay >= 0 {
		return c.DrainDelay
	}
	// Kubernetes gives every container this variable.
	if os.Getenv("KUBERNETES_SERVICE_HOST") != "" {
		return drainDelayInCluster
	}
	return 0
}
