package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// reported runs the report over events and returns what it prints, its counts and its error.
func reported(t *testing.T, args []string, events ...string) (text, counts string, err error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "counts")
	var out strings.Builder
	err = run(append(args, "-counts", file), strings.NewReader(strings.Join(events, "\n")+"\n"), &out)
	written, readErr := os.ReadFile(file)
	require.NoError(t, readErr)
	return out.String(), string(written), err
}

func TestAPackageThatPassesIsOneLine(t *testing.T) {
	text, counts, err := reported(t, nil,
		`{"Action":"run","Package":"p","Test":"TestA"}`,
		`{"Action":"output","Package":"p","Test":"TestA","Output":"noise\n"}`,
		`{"Action":"pass","Package":"p","Test":"TestA/sub"}`,
		`{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.3}`,
		`{"Action":"pass","Package":"p","Elapsed":1.25}`,
		`{"Action":"skip","Package":"without_tests"}`)
	require.NoError(t, err)
	assert.Equal(t, "  ok    p  2 tests  1.2s\n", text)
	assert.Equal(t, "2 0 0\n", counts)
}

func TestAFailureShowsWhatTheTestPrinted(t *testing.T) {
	text, counts, err := reported(t, nil,
		`{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:7: not \"b\"\n"}`,
		`{"Action":"fail","Package":"p","Test":"TestA","Elapsed":0.1}`,
		`{"Action":"pass","Package":"p","Test":"TestB","Elapsed":0.1}`,
		`{"Action":"fail","Package":"p","Elapsed":0.2}`)
	assert.EqualError(t, err, "1 failed")
	assert.Equal(t, "  |      a_test.go:7: not \"b\"\n  FAIL  p  1 of 2 tests  200ms\n", text)
	assert.Equal(t, "1 1 0\n", counts)
}

func TestAPackageThatDoesNotBuildIsAFailure(t *testing.T) {
	text, counts, err := reported(t, nil,
		`{"ImportPath":"p [p.test]","Action":"build-output","Output":"p/a.go:3:1: syntax error\n"}`,
		`{"ImportPath":"p [p.test]","Action":"build-fail"}`,
		`{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}`,
		`{"Action":"fail","Package":"p","Elapsed":0}`)
	assert.EqualError(t, err, "1 failed")
	assert.Contains(t, text, "p/a.go:3:1: syntax error")
	assert.Equal(t, "0 1 0\n", counts)
}

func TestAPackageThatPanicsOutsideATestIsAFailure(t *testing.T) {
	text, counts, err := reported(t, nil,
		`{"Action":"pass","Package":"p","Test":"TestA"}`,
		`{"Action":"output","Package":"p","Output":"panic: late\n"}`,
		`{"Action":"fail","Package":"p"}`)
	assert.EqualError(t, err, "1 failed")
	assert.Contains(t, text, "panic: late")
	assert.Equal(t, "1 1 0\n", counts)
}

func TestNoTestIsAFailure(t *testing.T) {
	_, counts, err := reported(t, nil,
		`{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:7: needs an engine\n"}`,
		`{"Action":"skip","Package":"p","Test":"TestA"}`,
		`{"Action":"pass","Package":"p"}`)
	assert.EqualError(t, err, "no test ran")
	assert.Equal(t, "0 0 1\n", counts)
}

func TestCasesAreShownWhileTheyRunAndSkipsTellWhy(t *testing.T) {
	text, _, err := reported(t, []string{"-cases"},
		`{"Action":"run","Package":"p","Test":"TestLife/make_up_works"}`,
		`{"Action":"pass","Package":"p","Test":"TestLife/make_up_works","Elapsed":61.52}`,
		`{"Action":"output","Package":"p","Test":"TestLife/restart","Output":"=== RUN   TestLife/restart\n"}`,
		`{"Action":"output","Package":"p","Test":"TestLife/restart","Output":"    a_test.go:9: systemd runs it\n"}`,
		`{"Action":"output","Package":"p","Test":"TestLife/restart","Output":"--- SKIP: TestLife/restart (0.00s)\n"}`,
		`{"Action":"skip","Package":"p","Test":"TestLife/restart","Elapsed":0}`,
		`{"Action":"pass","Package":"p","Elapsed":62}`)
	require.NoError(t, err)
	assert.Equal(t, "  ....  TestLife/make up works\n"+
		"  ok    TestLife/make up works  1m1.5s\n"+
		"  skip  TestLife/restart  0s  a_test.go:9: systemd runs it\n"+
		"  ok    p  2 tests  1m2s\n", text)
}
