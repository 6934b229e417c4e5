package kindcluster

import (
	"fmt"
	"os"
	"strings"
	"sync"

	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
	"sigs.k8s.io/kind/pkg/cluster"
	"sigs.k8s.io/kind/pkg/log"
)

// kind is what is used of the library of that name.
type kind interface {
	// create makes the cluster and leaves what it made when it fails. It
	// calls step as each step starts.
	create(config *v1alpha4.Cluster, environment map[string]string, kubeconfig string, step Progress) error
	kubeconfig(name string) (string, error)
}

type kindLibrary struct {
	creating sync.Mutex
}

// kind is told some things by the environment of the process only, so that
// creations take turns.
func (k *kindLibrary) create(config *v1alpha4.Cluster, environment map[string]string, kubeconfig string, step Progress) error {
	k.creating.Lock()
	defer k.creating.Unlock()
	for name, value := range environment {
		before, had := os.LookupEnv(name)
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
		defer func() {
			_ = os.Unsetenv(name)
			if had {
				_ = os.Setenv(name, before)
			}
		}()
	}
	provider := cluster.NewProvider(cluster.ProviderWithDocker(), cluster.ProviderWithLogger(stepLogger{step}))
	return provider.Create(config.Name,
		cluster.CreateWithV1Alpha4Config(config),
		cluster.CreateWithKubeconfigPath(kubeconfig),
		// What is left of a failure is evidence: it is read, then removed.
		cluster.CreateWithRetain(true),
		// kind waits by running kubectl in a tight loop, for the control
		// plane only, and takes a timeout for success: see waitForNodes.
		cluster.CreateWithWaitForReady(0),
	)
}

func (k *kindLibrary) kubeconfig(name string) (string, error) {
	return cluster.NewProvider(cluster.ProviderWithDocker()).KubeConfig(name, false)
}

// stepLogger passes the lines with which kind announces its steps on.
type stepLogger struct{ step Progress }

func (stepLogger) Warn(string)          {}
func (stepLogger) Warnf(string, ...any) {}

func (l stepLogger) Error(message string)              { l.step(message) }
func (l stepLogger) Errorf(format string, args ...any) { l.step(fmt.Sprintf(format, args...)) }

func (l stepLogger) V(level log.Level) log.InfoLogger { return stepInfo{l.step, level == 0} }

type stepInfo struct {
	step    Progress
	enabled bool
}

func (i stepInfo) Enabled() bool                    { return i.enabled }
func (i stepInfo) Infof(format string, args ...any) { i.Info(fmt.Sprintf(format, args...)) }

// Info takes " • Preparing nodes 📦  ...": a bullet, words, a picture, dots.
func (i stepInfo) Info(message string) {
	text, isStep := strings.CutPrefix(strings.TrimSpace(message), "• ")
	if !i.enabled || !isStep {
		return
	}
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r > 0x2000 && r != '≤' })
	i.step(strings.TrimSpace(strings.TrimSuffix(strings.Join(words, " "), "...")))
}
