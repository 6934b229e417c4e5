package kindcluster

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Where the API server's own files lie, in the node and in its pod.
const (
	controlPlaneDir = "/etc/kindling"
	encryptionFile  = controlPlaneDir + "/encryption.yaml"
	auditPolicyFile = controlPlaneDir + "/audit-policy.yaml"
	auditLogDir     = "/var/log/kubernetes"
)

// controllerManagerPatch lifts a limit that is meant for large clusters. The
// controller manager makes itself a service account for each of its
// controllers, and none of them begins before: at the default of 20 requests a
// second, no pod of a new cluster is made for its first five seconds.
const controllerManagerPatch = `kind: ClusterConfiguration
controllerManager:
  extraArgs:
    kube-api-qps: "200"
    kube-api-burst: "400"
`

// controlPlaneFiles returns the files that control-plane nodes need before
// kubeadm runs. A key is drawn at each call; it never leaves the nodes.
func controlPlaneFiles(spec Spec) ([]nodeFile, error) {
	var files []nodeFile
	if spec.AuditPolicy != "" {
		files = append(files, nodeFile{path: auditPolicyFile, mode: 0o644, content: []byte(spec.AuditPolicy)})
	}
	if !spec.EncryptSecrets {
		return files, nil
	}
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("draw a key for the encryption of secrets: %w", err)
	}
	content, err := encryptionConfiguration(key)
	if err != nil {
		return nil, err
	}
	return append(files, nodeFile{path: encryptionFile, mode: 0o600, content: content}), nil
}

// encryptionConfiguration encrypts what is written and still reads what was
// stored in the clear.
func encryptionConfiguration(key []byte) ([]byte, error) {
	named := map[string]any{"name": "key1", "secret": base64.StdEncoding.EncodeToString(key)}
	content, err := yaml.Marshal(map[string]any{
		"apiVersion": "apiserver.config.k8s.io/v1",
		"kind":       "EncryptionConfiguration",
		"resources": []any{map[string]any{
			"resources": []string{"secrets"},
			"providers": []any{
				map[string]any{"secretbox": map[string]any{"keys": []any{named}}},
				map[string]any{"identity": map[string]any{}},
			},
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("write the encryption configuration: %w", err)
	}
	return content, nil
}

// controlPlanePatch has kubeadm give the API server the files above; "" when
// there are none. Arguments as a map and no apiVersion: kind then adapts
// the patch to the version of kubeadm's configuration that the node has.
func controlPlanePatch(spec Spec) (string, error) {
	if !spec.EncryptSecrets && spec.AuditPolicy == "" {
		return "", nil
	}
	arguments := map[string]string{}
	volumes := userVolumes(spec.KubeadmConfigPatches)
	volumes = append(volumes, hostVolume("kindling", controlPlaneDir, "Directory", true))
	if spec.EncryptSecrets {
		arguments["encryption-provider-config"] = encryptionFile
	}
	if spec.AuditPolicy != "" {
		arguments["audit-policy-file"] = auditPolicyFile
		arguments["audit-log-path"] = auditLogDir + "/audit.log"
		arguments["audit-log-maxsize"] = "50" // MiB
		arguments["audit-log-maxbackup"] = "2"
		arguments["audit-log-maxage"] = "7" // days
		volumes = append(volumes, hostVolume("audit-logs", auditLogDir, "DirectoryOrCreate", false))
	}
	patch, err := yaml.Marshal(map[string]any{
		"kind":      "ClusterConfiguration",
		"apiServer": map[string]any{"extraArgs": arguments, "extraVolumes": volumes},
	})
	if err != nil {
		return "", fmt.Errorf("write the patch for the API server: %w", err)
	}
	return string(patch), nil
}

func hostVolume(name, folder, kind string, readOnly bool) any {
	return map[string]any{"name": name, "hostPath": folder, "mountPath": folder, "readOnly": readOnly, "pathType": kind}
}

// userVolumes returns the volumes that the user's own patches give the API
// server: a later patch replaces the whole list, so it must repeat them.
func userVolumes(patches []string) []any {
	var volumes []any
	for _, patch := range patches {
		for _, document := range documents(patch) {
			var config struct {
				Kind      string
				APIServer struct {
					ExtraVolumes []any `yaml:"extraVolumes"`
				} `yaml:"apiServer"`
			}
			// What is not YAML is kind's to refuse, with its own words.
			if yaml.Unmarshal(document, &config) == nil && config.Kind == "ClusterConfiguration" && config.APIServer.ExtraVolumes != nil {
				volumes = config.APIServer.ExtraVolumes
			}
		}
	}
	return volumes
}

// CheckAuditPolicy says what keeps text from being an audit policy. The API
// server would only fail to start.
func CheckAuditPolicy(text string) error {
	var policy struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Rules      []struct{ Level string }
	}
	if err := yaml.Unmarshal([]byte(text), &policy); err != nil {
		return err
	}
	if policy.APIVersion != "audit.k8s.io/v1" || policy.Kind != "Policy" {
		return fmt.Errorf("it is a %q of %q", policy.Kind, policy.APIVersion)
	}
	if len(policy.Rules) == 0 {
		return fmt.Errorf("it has no rules, which the API server refuses")
	}
	return nil
}
