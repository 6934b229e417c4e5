package supply

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// hashTree writes the names and contents of the files below dir, tests and documentation apart,
// in a fixed order.
func hashTree(w io.Writer, dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if strings.HasSuffix(rel, "_test.go") || strings.HasSuffix(rel, ".md") || strings.Contains(filepath.ToSlash(rel), "testdata/") {
			return nil
		}
		return hashFile(w, path, filepath.ToSlash(rel))
	})
}

// hashFile writes a file's name and the hash of its content.
func hashFile(w io.Writer, path, as string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(path)
		fmt.Fprintf(w, "link %s %s\n", as, target)
		return err
	}
	sum, _, err := fileSum(path)
	fmt.Fprintf(w, "file %s %s\n", as, sum)
	return err
}

func fileSum(path string) (sum string, size int64, err error) {
	file, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer file.Close()
	h := sha256.New()
	size, err = io.Copy(h, file)
	return hex.EncodeToString(h.Sum(nil)), size, err
}
