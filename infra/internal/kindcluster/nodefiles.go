package kindcluster

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"golang.org/x/sync/errgroup"
)

// nodeFile is a file in a node, owned by root.
type nodeFile struct {
	path    string // absolute
	mode    int64
	content []byte
}

// writeFiles puts files into a node's container, whether it runs or not, and
// makes the folders they need.
func (e *Engine) writeFiles(ctx context.Context, node string, files []nodeFile) error {
	if len(files) == 0 {
		return nil
	}
	archive, err := tarOf(files)
	if err != nil {
		return fmt.Errorf("pack files for node %s: %w", node, err)
	}
	if _, err := e.docker.run(ctx, bytes.NewReader(archive), "cp", "-", node+":/"); err != nil {
		return fmt.Errorf("write files into node %s: %w", node, err)
	}
	return nil
}

// onNodes calls work for all nodes at once.
func onNodes(ctx context.Context, nodes []string, work func(ctx context.Context, node string) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, node := range nodes {
		group.Go(func() error { return work(ctx, node) })
	}
	return group.Wait()
}

func tarOf(files []nodeFile) ([]byte, error) {
	var buffer bytes.Buffer
	writer := tar.NewWriter(&buffer)
	made := map[string]bool{".": true, "etc": true, "kind": true}
	for _, file := range files {
		name := strings.TrimPrefix(file.path, "/")
		for _, folder := range missingFolders(path.Dir(name), made) {
			header := &tar.Header{Typeflag: tar.TypeDir, Name: folder + "/", Mode: 0o755}
			if err := writer.WriteHeader(header); err != nil {
				return nil, err
			}
		}
		header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: file.mode, Size: int64(len(file.content))}
		if err := writer.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := writer.Write(file.content); err != nil {
			return nil, err
		}
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}

// missingFolders returns folder and its parents that are not made yet,
// outermost first, and notes them as made.
func missingFolders(folder string, made map[string]bool) []string {
	if made[folder] {
		return nil
	}
	folders := missingFolders(path.Dir(folder), made)
	made[folder] = true
	return append(folders, folder)
}

// readFile returns nil for a file that is not in the node.
func (e *Engine) readFile(ctx context.Context, node, name string) ([]byte, error) {
	archive, err := e.docker.run(ctx, nil, "cp", node+":"+name, "-")
	if isMissing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s of node %s: %w", name, node, err)
	}
	reader := tar.NewReader(bytes.NewReader(archive))
	if _, err := reader.Next(); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, fmt.Errorf("unpack %s of node %s: %w", name, node, err)
	}
	return io.ReadAll(reader)
}
