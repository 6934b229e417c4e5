package main

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
)

// forge is the part of GitHub's or GitLab's interface that comments need.
type forge struct {
	list   string                // lists the comments of the request; also takes new ones
	one    func(id int64) string // a comment
	update string                // the method that changes one
	header http.Header
	client *http.Client
}

// note is a comment, in the fields that both have.
type note struct {
	ID   int64  `json:"id"`
	Body string `json:"body"`
}

// comment posts what plan left as a comment of the pull request, or replaces the one of the run
// before.
func (a *app) comment(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return usageError{"comment takes no arguments"}
	}
	file, err := a.work(planFile)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return usageError{"there is no plan to post; run make ci-plan first"}
	}
	if err != nil {
		return err
	}
	f, err := a.forge()
	if err != nil {
		return err
	}
	address, err := f.put(ctx, string(text))
	if err == nil {
		fmt.Fprintln(a.errs, "ci: the plan stands at", address)
	}
	return err
}

// forge finds out from the pipeline's variables where it runs.
func (a *app) forge() (*forge, error) {
	client := &http.Client{Timeout: 30 * time.Second}
	if a.env("GITHUB_ACTIONS") != "" {
		if err := a.need("GITHUB_API_URL", "GITHUB_REPOSITORY", "PULL_REQUEST", "GITHUB_TOKEN"); err != nil {
			return nil, err
		}
		issues := a.env("GITHUB_API_URL") + "/repos/" + a.env("GITHUB_REPOSITORY") + "/issues"
		return &forge{
			list:   issues + "/" + url.PathEscape(a.env("PULL_REQUEST")) + "/comments",
			one:    func(id int64) string { return fmt.Sprintf("%s/comments/%d", issues, id) },
			update: http.MethodPatch, client: client,
			header: http.Header{"Authorization": {"Bearer " + a.env("GITHUB_TOKEN")}, "Accept": {"application/vnd.github+json"}},
		}, nil
	}
	if err := a.need("CI_API_V4_URL", "CI_PROJECT_ID", "CI_MERGE_REQUEST_IID", "PLAN_COMMENT_TOKEN"); err != nil {
		return nil, err
	}
	notes := fmt.Sprintf("%s/projects/%s/merge_requests/%s/notes", a.env("CI_API_V4_URL"), url.PathEscape(a.env("CI_PROJECT_ID")), url.PathEscape(a.env("CI_MERGE_REQUEST_IID")))
	return &forge{
		list:   notes,
		one:    func(id int64) string { return fmt.Sprintf("%s/%d", notes, id) },
		update: http.MethodPut, client: client,
		header: http.Header{"Private-Token": {a.env("PLAN_COMMENT_TOKEN")}},
	}, nil
}

func (a *app) need(names ...string) error {
	var missing []string
	for _, name := range names {
		if a.env(name) == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return usageError{"the pipeline does not set " + strings.Join(missing, ", ")}
}

// put replaces the comment that begins with the marker, or adds one. It returns its address.
func (f *forge) put(ctx context.Context, text string) (string, error) {
	body, err := json.Marshal(map[string]string{"body": text})
	if err != nil {
		return "", err
	}
	id, err := f.find(ctx)
	if err != nil {
		return "", err
	}
	method, address := http.MethodPost, f.list
	if id != 0 {
		method, address = f.update, f.one(id)
	}
	var stored note
	return address, f.ask(ctx, method, address, body, &stored)
}

// pageSize is the most comments that both give at once.
const pageSize = 100

// find looks for the comment of an earlier run; 0 means that there is none.
func (f *forge) find(ctx context.Context) (int64, error) {
	for page := 1; ; page++ {
		var notes []note
		if err := f.ask(ctx, http.MethodGet, fmt.Sprintf("%s?per_page=%d&page=%d", f.list, pageSize, page), nil, &notes); err != nil {
			return 0, err
		}
		for _, n := range notes {
			if strings.HasPrefix(n.Body, marker) {
				return n.ID, nil
			}
		}
		if len(notes) < pageSize {
			return 0, nil
		}
	}
}

func (f *forge) ask(ctx context.Context, method, address string, body []byte, answer any) error {
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header = f.header.Clone()
	request.Header.Set("Content-Type", "application/json")
	response, err := f.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 10<<20))
	if err != nil {
		return err
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%s %s: %s: %.300s; the token may lack the right to comment", method, address, response.Status, text)
	}
	return json.Unmarshal(text, answer)
}
