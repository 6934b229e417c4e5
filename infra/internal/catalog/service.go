// Package catalog reads services/*/service.yaml, the single description of each
// service, and finds the services, modules and environments that a change touches.
package catalog

// Service is one services/NAME/service.yaml that has been read and validated.
// The keys are those of services/service.schema.json; a test holds the two together.
type Service struct {
	Dir         string            `yaml:"-" json:"-"` // absolute path of the service's folder
	Name        string            `yaml:"name" json:"name"`
	Description string            `yaml:"description" json:"description"`
	Port        int               `yaml:"port" json:"port"`
	Routes      []Route           `yaml:"routes" json:"routes,omitempty"`
	Replicas    int               `yaml:"replicas" json:"replicas,omitempty"` // ignored when Autoscaling is set
	Autoscaling *Autoscaling      `yaml:"autoscaling" json:"autoscaling,omitempty"`
	Resources   Resources         `yaml:"resources" json:"resources"`
	Config      map[string]string `yaml:"config" json:"config,omitempty"`
	Secrets     []Secret          `yaml:"secrets" json:"secrets,omitempty"`
	Needs       []Need            `yaml:"needs" json:"needs,omitempty"`
	Calls       []string          `yaml:"calls" json:"calls,omitempty"`
	Rollout     *Rollout          `yaml:"rollout" json:"rollout,omitempty"`
	Objectives  *Objectives       `yaml:"objectives" json:"objectives,omitempty"`
}

// Route is a host and path prefix under which the ingress exposes the service.
type Route struct {
	Host string `yaml:"host" json:"host"`
	Path string `yaml:"path" json:"path"`
}

// Autoscaling bounds the replicas that the HorizontalPodAutoscaler may choose.
type Autoscaling struct {
	Min        int `yaml:"min" json:"min"`
	Max        int `yaml:"max" json:"max"`
	CPUPercent int `yaml:"cpu_percent" json:"cpu_percent"` // of the CPU request
}

// Resources are what a container asks for and what it may not exceed.
type Resources struct {
	Requests Quantities `yaml:"requests" json:"requests"`
	Limits   Quantities `yaml:"limits" json:"limits"`
}

// Quantities are Kubernetes quantities such as "25m" CPU and "32Mi" memory.
type Quantities struct {
	CPU    string `yaml:"cpu" json:"cpu,omitempty"`
	Memory string `yaml:"memory" json:"memory,omitempty"`
}

// Secret is a value that is handed over in Env: one that is drawn at random, or one that people
// provide because it was made elsewhere.
type Secret struct {
	Name     string `yaml:"name" json:"name"`
	Env      string `yaml:"env" json:"env"`
	Provided bool   `yaml:"provided" json:"provided,omitempty"`
	Length   int    `yaml:"length" json:"length"` // characters of a random one; 32 when not given
}

// Need is a part of the platform that a service cannot run without.
type Need string

// The parts that a service can need.
const (
	NeedDatabase  Need = "database"
	NeedMessaging Need = "messaging"
)

// Rollout says how far a rolling update may stray from the wanted replicas.
type Rollout struct {
	MaxSurge                *int `yaml:"max_surge" json:"max_surge,omitempty"`
	MaxUnavailable          *int `yaml:"max_unavailable" json:"max_unavailable,omitempty"`
	ProgressDeadlineSeconds *int `yaml:"progress_deadline_seconds" json:"progress_deadline_seconds,omitempty"`
}

// Objectives are the service-level objectives that alerts are derived from.
type Objectives struct {
	AvailabilityPercent    *float64 `yaml:"availability_percent" json:"availability_percent,omitempty"`
	LatencyP99Milliseconds *int     `yaml:"latency_p99_milliseconds" json:"latency_p99_milliseconds,omitempty"`
}

// defaultSecretLength is the length of a secret whose length is not given.
const defaultSecretLength = 32

// DesiredReplicas is the number of replicas that the service starts with.
func (s Service) DesiredReplicas() int {
	if s.Autoscaling != nil {
		return s.Autoscaling.Min
	}
	return s.Replicas
}

// Has reports whether the service needs the named part of the platform.
func (s Service) Has(need Need) bool {
	for _, n := range s.Needs {
		if n == need {
			return true
		}
	}
	return false
}
