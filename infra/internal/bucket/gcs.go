package bucket

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
)

// gcsServer is Google's own.
const gcsServer = "https://storage.googleapis.com"

// gcsScope lets buckets be made and their settings be read.
const gcsScope = "https://www.googleapis.com/auth/devstorage.full_control"

// gcsBucket is a bucket of Google Cloud Storage, asked through its JSON interface. Google's own
// client for Go would more than double the tool's size and build time.
type gcsBucket struct {
	client  *http.Client
	address Address
	base    string
}

// openGCS takes credentials from where Terraform's backend takes them.
func openGCS(ctx context.Context, a Address) (objects, error) {
	credentials, err := googleCredentials(ctx)
	if err != nil {
		return nil, &Refused{Sentence: "there are no Google credentials for " + a.String(), Seen: []string{err.Error()},
			Next: []string{"gcloud auth application-default login, or set GOOGLE_CREDENTIALS or GOOGLE_OAUTH_ACCESS_TOKEN"}, Err: err}
	}
	if a.Project == "" {
		a.Project = firstOf(os.Getenv("GOOGLE_PROJECT"), os.Getenv("GOOGLE_CLOUD_PROJECT"), credentials.ProjectID)
	}
	client := oauth2.NewClient(ctx, credentials.TokenSource)
	client.Timeout = time.Minute
	return &gcsBucket{client: client, address: a, base: firstOf(a.Endpoint, gcsServer)}, nil
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// googleCredentials looks for a token, then for a key or the name of its file, then for what gcloud
// or the machine has.
func googleCredentials(ctx context.Context) (*google.Credentials, error) {
	if token := os.Getenv("GOOGLE_OAUTH_ACCESS_TOKEN"); token != "" {
		return &google.Credentials{TokenSource: oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token})}, nil
	}
	text := firstOf(os.Getenv("GOOGLE_BACKEND_CREDENTIALS"), os.Getenv("GOOGLE_CREDENTIALS"))
	if text == "" {
		return google.FindDefaultCredentials(ctx, gcsScope)
	}
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		content, err := os.ReadFile(text)
		if err != nil {
			return nil, fmt.Errorf("GOOGLE_CREDENTIALS: %w", err)
		}
		text = string(content)
	}
	var kind struct {
		Type google.CredentialsType `json:"type"`
	}
	if err := json.Unmarshal([]byte(text), &kind); err != nil {
		return nil, errors.New("GOOGLE_CREDENTIALS is neither JSON nor the name of a file with JSON")
	}
	return google.CredentialsFromJSONWithType(ctx, []byte(text), kind.Type, gcsScope)
}

// gcsError is an answer that is no success.
type gcsError struct {
	status int
	text   string
}

func (e *gcsError) Error() string {
	return fmt.Sprintf("%d %s: %s", e.status, http.StatusText(e.status), e.text)
}

// gcsStatus is the HTTP status of an error; 0 when there was no answer.
func gcsStatus(err error) int {
	var answer *gcsError
	if errors.As(err, &answer) {
		return answer.status
	}
	return 0
}

// ask sends a request to the JSON interface, and decodes the answer into what is not nil.
func (b *gcsBucket) ask(ctx context.Context, method, path string, body, into any) error {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	_, text, err := b.send(ctx, method, path, content)
	if err != nil || into == nil {
		return err
	}
	return json.Unmarshal(text, into)
}

func (b *gcsBucket) send(ctx context.Context, method, path string, body io.Reader) (http.Header, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, b.base+path, body)
	if err != nil {
		return nil, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := b.client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode >= http.StatusMultipleChoices {
		err = &gcsError{status: answer.StatusCode, text: gcsMessage(text)}
	}
	return answer.Header, text, err
}

// gcsMessage is the sentence in an answer that is no success.
func gcsMessage(text []byte) string {
	var answer struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(text, &answer) == nil && answer.Error.Message != "" {
		return answer.Error.Message
	}
	return fmt.Sprintf("%.200s", strings.TrimSpace(string(text)))
}

func (b *gcsBucket) bucketPath() string { return "/storage/v1/b/" + b.address.Name }

func (b *gcsBucket) objectPath(name string) string {
	return b.bucketPath() + "/o/" + url.PathEscape(name)
}

func (b *gcsBucket) read(ctx context.Context, name string) (*Object, error) {
	header, content, err := b.send(ctx, http.MethodGet, b.objectPath(name)+"?alt=media", nil)
	if gcsStatus(err) == http.StatusNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &Object{Content: content, Version: header.Get("X-Goog-Generation")}, nil
}

func (b *gcsBucket) create(ctx context.Context, name string, content []byte, sealed Sealed) (version string, made bool, err error) {
	query := url.Values{"uploadType": {"media"}, "ifGenerationMatch": {"0"}, "name": {name}}
	if sealed.Key != "" {
		query.Set("kmsKeyName", sealed.Key)
	}
	_, text, err := b.send(ctx, http.MethodPost, "/upload"+b.bucketPath()+"/o?"+query.Encode(), bytes.NewReader(content))
	if gcsStatus(err) == http.StatusPreconditionFailed {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	var object struct {
		Generation string `json:"generation"`
	}
	if err := json.Unmarshal(text, &object); err != nil {
		return "", false, fmt.Errorf("read what was made: %w", err)
	}
	return object.Generation, true, nil
}

// remove removes that version of the object and no other.
func (b *gcsBucket) remove(ctx context.Context, name, version string) error {
	return b.ask(ctx, http.MethodDelete, b.objectPath(name)+"?ifGenerationMatch="+url.QueryEscape(version), nil, nil)
}
