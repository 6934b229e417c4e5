package kindcluster

import (
	"encoding/base64"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// parseKubeconfig takes the parts out of a kubeconfig with one cluster.
func parseKubeconfig(text string) (Credentials, error) {
	var file struct {
		Clusters []struct {
			Cluster struct {
				Server string
				CA     string `yaml:"certificate-authority-data"`
			}
		}
		Users []struct {
			User struct {
				Certificate string `yaml:"client-certificate-data"`
				Key         string `yaml:"client-key-data"`
			}
		}
	}
	if err := yaml.Unmarshal([]byte(text), &file); err != nil {
		return Credentials{}, fmt.Errorf("read the kubeconfig: %w", err)
	}
	if len(file.Clusters) != 1 || len(file.Users) != 1 {
		return Credentials{}, fmt.Errorf("read the kubeconfig: it has %d clusters and %d users instead of one each", len(file.Clusters), len(file.Users))
	}
	credentials := Credentials{Endpoint: file.Clusters[0].Cluster.Server, Kubeconfig: text}
	for _, part := range []struct {
		name, encoded string
		into          *string
	}{
		{"certificate-authority-data", file.Clusters[0].Cluster.CA, &credentials.CACertificate},
		{"client-certificate-data", file.Users[0].User.Certificate, &credentials.ClientCertificate},
		{"client-key-data", file.Users[0].User.Key, &credentials.ClientKey},
	} {
		decoded, err := base64.StdEncoding.DecodeString(part.encoded)
		if err != nil || len(decoded) == 0 {
			return Credentials{}, fmt.Errorf("read the kubeconfig: %s is not base64 text (%v)", part.name, err)
		}
		*part.into = string(decoded)
	}
	return credentials, nil
}
