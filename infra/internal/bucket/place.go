package bucket

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// Place is where the state of one root lies.
type Place struct {
	Address Address
	State   string // name of the object that is the state
	Lock    string // name of the object that is there while somebody holds its lock
	Sealed  Sealed
}

// Sealed is how a backend's configuration has objects encrypted; the zero value leaves it to the
// bucket.
type Sealed struct {
	On  bool
	Key string // of KMS
}

// gcsObject is how Terraform calls a state in GCS, below its prefix: it is the workspace's name.
const gcsObject = "default"

// gcsPath ends the endpoint that Terraform wants for GCS.
const gcsPath = "/storage/v1/b"

// Place is where the state of an environment's root lies in this bucket.
func (a Address) Place(environment, root string) Place {
	folder := path.Join(a.Prefix, environment)
	if a.Kind == GCS {
		return gcsPlace(a, path.Join(folder, root))
	}
	return s3Place(a, path.Join(folder, root+".tfstate"))
}

func s3Place(a Address, key string) Place {
	return Place{Address: a, State: key, Lock: key + ".tflock"}
}

func gcsPlace(a Address, prefix string) Place {
	object := path.Join(prefix, gcsObject)
	return Place{Address: a, State: object + ".tfstate", Lock: object + ".tflock"}
}

// String is the state's address as people write it.
func (p Place) String() string {
	whole := p.Address
	whole.Prefix = p.State
	return whole.String()
}

// Backend is the place as the configuration of Terraform's backend of that kind.
func (p Place) Backend() map[string]any {
	a := p.Address
	if a.Kind == GCS {
		config := map[string]any{"bucket": a.Name, "prefix": path.Dir(p.State)}
		if a.Endpoint != "" {
			config["storage_custom_endpoint"] = a.Endpoint + gcsPath
		}
		return config
	}
	// The bucket encrypts what comes without being told, with the key that it was given.
	config := map[string]any{"bucket": a.Name, "key": p.State, "region": a.Region, "use_lockfile": true}
	if a.Profile != "" {
		config["profile"] = a.Profile
	}
	if a.Endpoint != "" { // none of these asks a server that only stores objects
		maps.Copy(config, map[string]any{"endpoints": map[string]any{"s3": a.Endpoint}, "use_path_style": true,
			"skip_credentials_validation": true, "skip_metadata_api_check": true, "skip_region_validation": true,
			"skip_requesting_account_id": true, "skip_s3_checksum": true})
	}
	return config
}

// understood are the settings of backends that this package can follow, and those that do not
// matter to it.
var understood = map[string][]string{
	S3: {"bucket", "key", "region", "profile", "endpoints", "endpoint", "use_lockfile", "use_path_style", "force_path_style", "encrypt",
		"kms_key_id", "acl", "workspace_key_prefix", "max_retries", "skip_credentials_validation", "skip_metadata_api_check",
		"skip_region_validation", "skip_requesting_account_id", "skip_s3_checksum"},
	GCS: {"bucket", "prefix", "storage_custom_endpoint", "kms_encryption_key"},
}

// PlaceOf reads the place out of a backend's configuration.
func PlaceOf(kind string, config map[string]any) (Place, error) {
	known, ok := understood[kind]
	if !ok {
		return Place{}, &Refused{Sentence: fmt.Sprintf("the state is kept by Terraform's backend %q, of which kindling knows nothing", kind),
			Next: []string{"keep it in s3 or gcs, which kindling state init sets up"}}
	}
	for name, value := range config {
		if value != nil && !slices.Contains(known, name) {
			return Place{}, &Refused{Sentence: fmt.Sprintf("the backend %s sets %s, which kindling cannot follow", kind, name),
				Next: []string{"take it out; credentials and roles come from the environment, such as AWS_PROFILE"}}
		}
	}
	text := func(name string) string { s, _ := config[name].(string); return s }
	a := Address{Kind: kind, Name: text("bucket"), Region: text("region"), Profile: text("profile")}
	if kind == GCS {
		a.Endpoint = strings.TrimSuffix(strings.TrimRight(text("storage_custom_endpoint"), "/"), gcsPath)
		place := gcsPlace(a, text("prefix"))
		place.Sealed.Key = text("kms_encryption_key")
		return place, nil
	}
	endpoints, _ := config["endpoints"].(map[string]any)
	a.Endpoint, _ = endpoints["s3"].(string)
	if a.Endpoint == "" {
		a.Endpoint = text("endpoint")
	}
	place := s3Place(a, text("key"))
	place.Sealed.Key = text("kms_key_id")
	place.Sealed.On, _ = config["encrypt"].(bool)
	return place, nil
}
