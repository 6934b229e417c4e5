package bucket

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

// gcsSettings are those of a bucket that matter to states.
type gcsSettings struct {
	Name       string `json:"name,omitempty"`
	Location   string `json:"location,omitempty"`
	Versioning struct {
		Enabled bool `json:"enabled"`
	} `json:"versioning"`
	IAM struct {
		PublicAccessPrevention   string `json:"publicAccessPrevention,omitempty"`
		UniformBucketLevelAccess struct {
			Enabled bool `json:"enabled"`
		} `json:"uniformBucketLevelAccess"`
	} `json:"iamConfiguration"`
}

func (b *gcsBucket) exists(ctx context.Context) (bool, error) {
	err := b.ask(ctx, http.MethodGet, b.bucketPath(), nil, nil)
	switch {
	case err == nil:
		return true, nil
	case gcsStatus(err) == http.StatusNotFound:
		return false, nil
	case gcsStatus(err) == http.StatusForbidden:
		return false, &Refused{Sentence: fmt.Sprintf("the bucket %s cannot be looked at: it is somebody else's, or these credentials may not", b.address.Name),
			Seen: []string{err.Error()}, Next: []string{"choose another name, or credentials with roles/storage.admin on it"}, Err: err}
	}
	return false, b.failed("be looked at", err)
}

// make makes the bucket with everything it has to have at once, so that there is never half of
// one. Google encrypts everything it stores, and answers over TLS only.
func (b *gcsBucket) make(ctx context.Context) error {
	if b.address.Project == "" {
		return &Refused{Sentence: "no project is named that the bucket is to be made in", Next: []string{"add ?project=… to the bucket's address, or set GOOGLE_PROJECT"}, Input: true}
	}
	wanted := gcsSettings{Name: b.address.Name, Location: b.address.Location}
	wanted.Versioning.Enabled = true
	wanted.IAM.PublicAccessPrevention = "enforced"
	wanted.IAM.UniformBucketLevelAccess.Enabled = true
	err := b.ask(ctx, http.MethodPost, "/storage/v1/b?project="+url.QueryEscape(b.address.Project), wanted, nil)
	if err != nil {
		return b.failed("be made", err)
	}
	return nil
}

func (b *gcsBucket) furnish(context.Context) ([]string, error) { return nil, nil }

func (b *gcsBucket) empty(ctx context.Context) (bool, error) {
	var found struct {
		Items []struct{} `json:"items"`
	}
	err := b.ask(ctx, http.MethodGet, b.bucketPath()+"/o?maxResults=1&versions=true", nil, &found)
	if err != nil {
		return false, b.failed("be listed", err)
	}
	return len(found.Items) == 0, nil
}

// inspect refuses a bucket without versions, and one that everybody may read.
func (b *gcsBucket) inspect(ctx context.Context) ([]string, error) {
	var found gcsSettings
	if err := b.ask(ctx, http.MethodGet, b.bucketPath(), nil, &found); err != nil {
		return nil, b.failed("be looked at", err)
	}
	if !found.Versioning.Enabled {
		return nil, &Refused{Sentence: fmt.Sprintf("the bucket %s keeps no versions: a state that is damaged could not be brought back", b.address.Name),
			Next: []string{"gcloud storage buckets update gs://" + b.address.Name + " --versioning", "then run the same command again"}}
	}
	if found.IAM.PublicAccessPrevention == "enforced" {
		return nil, nil
	}
	var access struct {
		Bindings []struct {
			Role    string   `json:"role"`
			Members []string `json:"members"`
		} `json:"bindings"`
	}
	err := b.ask(ctx, http.MethodGet, b.bucketPath()+"/iam", nil, &access)
	if b.address.Endpoint != "" && slices.Contains([]int{http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented}, gcsStatus(err)) {
		return []string{"the server does not know who may read a bucket"}, nil
	}
	if err != nil {
		return nil, b.failed("say who may read it", err)
	}
	for _, binding := range access.Bindings {
		for _, member := range binding.Members {
			if member == "allUsers" || member == "allAuthenticatedUsers" {
				return nil, &Refused{Sentence: fmt.Sprintf("the bucket %s is public, and states hold the keys of clusters", b.address.Name),
					Seen: []string{member + " has " + binding.Role},
					Next: []string{"gcloud storage buckets update gs://" + b.address.Name + " --public-access-prevention", "then run the same command again"}}
			}
		}
	}
	return nil, nil
}

// failed is an error of the server, with what it was asked for.
func (b *gcsBucket) failed(what string, err error) error {
	return &Refused{Sentence: fmt.Sprintf("the bucket %s cannot %s", b.address.Name, what), Seen: []string{err.Error()},
		Next: []string{"see that the project and the credentials are the bucket's, then run the same command again"}, Err: err}
}
