// Package bucket keeps Terraform's states: it makes or checks a bucket of S3, of a server that
// speaks S3, or of Google Cloud Storage, and reads the states and locks that Terraform leaves there.
package bucket

import (
	"fmt"
	"net"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

// The kinds of buckets, by the names of Terraform's backends.
const (
	S3  = "s3"
	GCS = "gcs"
)

// Address names a bucket and a folder in it. It holds no credentials: those come from where the
// provider's own tools take them.
type Address struct {
	Kind     string // S3 or GCS
	Name     string
	Prefix   string // folder of the states, without slashes around it; may be empty
	Endpoint string // base URL of a server other than the cloud's own; empty otherwise
	Region   string // S3; empty is the environment's
	Profile  string // S3: of the shared configuration; empty is the environment's
	Project  string // GCS: the bucket is made in; empty is the environment's
	Location string // GCS: where the bucket is made; empty is the server's default
}

// Refused is a bucket, or an address of one, that is not fit for states.
type Refused struct {
	Sentence string
	Seen     []string
	Next     []string
	Input    bool  // it is what was typed
	Err      error // may be nil
}

func (r *Refused) Error() string { return r.Sentence }
func (r *Refused) Unwrap() error { return r.Err }

// Example shows how a bucket is named.
const Example = "s3://my-states?region=eu-central-1, s3://my-states?endpoint=https://s3.example.org or gs://my-states?project=my-project"

// bucketName is what both clouds accept.
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$`)

// settings are what may follow the question mark.
var settings = map[string][]string{S3: {"region", "endpoint"}, GCS: {"project", "location", "endpoint"}}

// Parse reads s3://NAME/PREFIX?region=…&endpoint=… or gs://NAME/PREFIX?project=…&location=….
func Parse(text string) (Address, error) {
	u, err := url.Parse(text)
	if err != nil {
		return Address{}, mistyped("the bucket's address cannot be read: " + err.Error())
	}
	a := Address{Kind: map[string]string{"s3": S3, "gs": GCS}[u.Scheme], Name: u.Host, Prefix: strings.Trim(path.Clean("/"+u.Path), "/")}
	switch {
	case a.Kind == "":
		return a, mistyped(fmt.Sprintf("%q names no bucket: it begins with neither s3:// nor gs://", text))
	case u.User != nil:
		return a, mistyped("the bucket's address holds credentials, which would end up in files; they come from the environment")
	case !bucketName.MatchString(a.Name):
		return a, mistyped(fmt.Sprintf("%q is no name of a bucket: 3 to 63 small letters, digits, dots and hyphens", a.Name))
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return a, mistyped("the bucket's address cannot be read: " + err.Error())
	}
	for name := range query {
		if !slices.Contains(settings[a.Kind], name) {
			return a, mistyped(fmt.Sprintf("the bucket's address sets %s, which is not one of %s", name, strings.Join(settings[a.Kind], ", ")))
		}
	}
	a.Region, a.Project, a.Location = query.Get("region"), query.Get("project"), query.Get("location")
	a.Endpoint, err = endpoint(query.Get("endpoint"))
	return a, err
}

func mistyped(sentence string) error {
	return &Refused{Sentence: sentence, Next: []string{"name it like " + Example}, Input: true}
}

// endpoint checks the base URL of a server. States hold the keys of clusters: only to this machine
// itself do they go unencrypted.
func endpoint(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"):
		return "", mistyped(fmt.Sprintf("the endpoint %q is no http or https URL", text))
	case u.User != nil:
		return "", mistyped("the endpoint holds credentials, which would end up in files; they come from the environment")
	case u.RawQuery != "" || u.Fragment != "":
		return "", mistyped("the endpoint has more than a server and a path")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return "", &Refused{Sentence: "the endpoint " + text + " is not encrypted, and states hold the keys of clusters", Next: []string{"use https"}, Input: true}
	}
	return strings.TrimRight(text, "/"), nil
}

func loopback(host string) bool {
	address := net.ParseIP(host)
	return host == "localhost" || (address != nil && address.IsLoopback())
}

// String is the address as people write it.
func (a Address) String() string {
	scheme := map[string]string{S3: "s3", GCS: "gs"}[a.Kind]
	return scheme + "://" + path.Join(a.Name, a.Prefix)
}

// encrypted tells whether the way to the bucket is.
func (a Address) encrypted() bool { return !strings.HasPrefix(a.Endpoint, "http://") }
