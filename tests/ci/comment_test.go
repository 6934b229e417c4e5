package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// forgeServer stands in for a forge: it keeps comments, and wants a token.
type forgeServer struct {
	notes   []note
	methods []string
	path    string
	header  string
	token   string
}

func (r *forgeServer) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if request.Header.Get(r.header) != r.token {
		http.Error(w, "who are you", http.StatusForbidden)
		return
	}
	r.methods = append(r.methods, request.Method+" "+request.URL.Path)
	var sent note
	switch request.Method {
	case http.MethodGet:
		page := r.notes
		if request.URL.Query().Get("page") != "1" {
			page = r.notes[min(len(r.notes), pageSize):]
		}
		_ = json.NewEncoder(w).Encode(page[:min(len(page), pageSize)])
		return
	case http.MethodPost:
		_ = json.NewDecoder(request.Body).Decode(&sent)
		sent.ID = int64(len(r.notes) + 1)
		r.notes = append(r.notes, sent)
	default:
		_ = json.NewDecoder(request.Body).Decode(&sent)
		for i := range r.notes {
			if strings.HasSuffix(request.URL.Path, fmt.Sprintf("/%d", r.notes[i].ID)) {
				r.notes[i].Body = sent.Body
			}
		}
	}
	_ = json.NewEncoder(w).Encode(sent)
}

func TestTheCommentIsReplacedByTheNextRun(t *testing.T) {
	others := make([]note, pageSize+5)
	for i := range others {
		others[i] = note{ID: int64(i + 1), Body: "looks good"}
	}
	for name, c := range map[string]struct {
		server    *forgeServer
		variables func(url string) map[string]string
		update    string
	}{
		"GitHub": {&forgeServer{notes: others, path: "/repos/me/shop/issues/7/comments", header: "Authorization", token: "Bearer t"},
			func(url string) map[string]string {
				return map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_API_URL": url, "GITHUB_REPOSITORY": "me/shop", "PULL_REQUEST": "7", "GITHUB_TOKEN": "t"}
			}, "PATCH /repos/me/shop/issues/comments/106"},
		"GitLab": {&forgeServer{notes: others, path: "/projects/12/merge_requests/7/notes", header: "Private-Token", token: "t"},
			func(url string) map[string]string {
				return map[string]string{"CI_API_V4_URL": url, "CI_PROJECT_ID": "12", "CI_MERGE_REQUEST_IID": "7", "PLAN_COMMENT_TOKEN": "t"}
			}, "PUT /projects/12/merge_requests/7/notes/106"},
	} {
		t.Run(name, func(t *testing.T) {
			address := httptest.NewServer(c.server)
			defer address.Close()
			a, _ := machine(t, c.variables(address.URL))
			put(t, a.root, ".kindling/ci/plan.md", marker+"\nfirst\n")
			require.NoError(t, a.command(t.Context(), []string{"comment"}))
			assert.Equal(t, []string{"GET " + c.server.path, "GET " + c.server.path, "POST " + c.server.path}, c.server.methods)

			put(t, a.root, ".kindling/ci/plan.md", marker+"\nsecond\n")
			require.NoError(t, a.command(t.Context(), []string{"comment"}))
			assert.Equal(t, c.update, c.server.methods[len(c.server.methods)-1])
			require.Len(t, c.server.notes, pageSize+6)
			assert.Equal(t, marker+"\nsecond\n", c.server.notes[pageSize+5].Body)

			c.server.token = "another"
			assert.ErrorContains(t, a.command(t.Context(), []string{"comment"}), "403")
		})
	}
}

func TestACommentWantsAPlanAndAPipeline(t *testing.T) {
	a, _ := machine(t, nil)
	assert.ErrorContains(t, a.comment(t.Context(), nil), "run make ci-plan first")
	put(t, a.root, ".kindling/ci/plan.md", marker)
	assert.ErrorContains(t, a.comment(t.Context(), nil), "the pipeline does not set CI_API_V4_URL")
}
