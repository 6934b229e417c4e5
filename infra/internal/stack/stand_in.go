package stack

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"kindling.internal/infra/internal/catalog"
	"kindling.internal/infra/internal/release"
)

// standIn takes the place of a cluster, its registry and images, where a workloads root is planned without
// any: what its cluster root would tell, in the form of a test that mocks the provider of Kubernetes.
type standIn struct{ environment, flavour string }

func (s *Stack) standIn() standIn {
	flavour, err := catalog.Flavour(s.Root, s.Environment)
	if err != nil || flavour == "" {
		flavour = localFlavour // what is wrong with the root, its plan has told
	}
	return standIn{s.Environment, flavour}
}

func (i standIn) local() bool { return i.flavour == localFlavour }

// connection is what rules are told of the cluster and the registry.
func (i standIn) connection() (Connection, Registry) {
	registry := Registry{Host: "localhost:5001", Push: "localhost:5001", Insecure: true}
	if !i.local() {
		registry = Registry{Host: "registry.example/" + i.environment, Push: "registry.example/" + i.environment}
	}
	return Connection{Name: i.environment, Flavour: i.flavour}, registry
}

// table is an object of Terraform's.
type table = map[string]any

// outputs are those of the cluster root.
func (i standIn) outputs(secrets []secretName) table {
	connection, registry := i.connection()
	cluster := table{"name": connection.Name, "flavour": i.flavour, "uid": "0c1d", "endpoint": "https://cluster.example", "ca_certificate": "ca",
		"client_certificate": "certificate", "client_key": "key", "exec": nil, "kubeconfig": "kubeconfig"}
	all := table{"cluster": cluster, "registry": table{"host": registry.Host, "push": registry.Push, "insecure": registry.Insecure}}
	if i.local() {
		all["ingress"] = table{"http_port": 80, "https_port": 443, "node_ports": table{"http": 30080, "https": 30443}}
		return all
	}
	command := table{"command": "true", "args": []string{}}
	cluster["uid"], cluster["client_certificate"], cluster["client_key"] = nil, nil, nil
	cluster["exec"] = table{"api_version": "client.authentication.k8s.io/v1beta1", "command": "true", "args": []string{}}
	all["ingress"] = table{"http_port": 80, "https_port": 443, "exposure": "load_balancer", "annotations": table{}}
	all["database"] = table{"host": "database.example", "port": 5432, "admin_user": "postgres", "admin_password_revision": "1", "admin_password_command": command, "cidrs": []string{"10.0.0.0/16"}}
	places := table{}
	for _, secret := range secrets {
		places[secret.String()] = table{"revision_command": command, "value_command": command, "set_command": command}
	}
	all["secrets"] = places
	return all
}

// noDigest is the digest of images that are not built for a plan.
const noDigest = "sha256:0000000000000000000000000000000000000000000000000000000000000000"

// variables are what people and the tool tell the workloads root.
func (i standIn) variables(services []catalog.Service, secrets []secretName) table {
	_, registry := i.connection()
	released := table{}
	for _, name := range serviceNames(services) {
		released[name] = table{"image": release.Image(registry.Host, name, noDigest), "version": "planned"}
	}
	all := table{"release": table{"services": released}, "tls": table{"certificate_file": "./tests/tls.txt", "key_file": "./tests/tls.txt"}}
	if i.local() {
		all["secrets_folder"] = "tests/secrets"
		return all
	}
	values := table{}
	for _, secret := range secrets {
		values[i.environment+"/"+secret.String()] = "1"
	}
	all["database_admin_password"], all["secret_values"], all["secret_revisions"] = "stand-in", values, values
	return all
}

// write makes a folder of tests that plan the root.
func (i standIn) write(dir string, services []catalog.Service) error {
	secrets := secretsOf(services, i.local())
	test := table{
		"mock_provider": table{"kubernetes": table{}},
		"override_data": []table{
			{"target": "data.terraform_remote_state.cluster", "values": table{"outputs": i.outputs(secrets)}},
			{"target": "data.kubernetes_namespace_v1.kube_system", "values": table{"metadata": table{"uid": "0c1d"}}},
		},
		"variables": i.variables(services, secrets),
		"run":       table{"plan": table{"command": "plan"}},
	}
	text, err := json.MarshalIndent(test, "", "  ")
	if err != nil {
		return err
	}
	// A JSON text is a template to Terraform.
	literal := strings.NewReplacer("${", "$${", "%{", "%%{").Replace(string(text))
	err = errors.Join(writeFile(filepath.Join(dir, "plan.tftest.json"), []byte(literal), 0o644),
		writeFile(filepath.Join(dir, "tls.txt"), []byte("stand-in\n"), 0o644))
	for _, secret := range secrets {
		if i.local() {
			value := fmt.Appendf(nil, "{%q: %q, %q: %q}\n", "value", "stand-in", "revision", "1")
			err = errors.Join(err, writeFile(filepath.Join(dir, "secrets", secret.service, secret.name+".json"), value, 0o644))
		}
	}
	return err
}
