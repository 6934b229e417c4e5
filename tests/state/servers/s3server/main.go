// s3server is versitygw on a folder of this machine, as an S3 server for tests:
//
//	s3server ADDRESS FOLDER [as-is]
//
// It takes the root's keys from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. One thing is mended
// unless it is told otherwise: in a bucket that keeps versions, versitygw 1.8.0 refuses to make an
// object "if there is none" when there was one that has been deleted; and what is made nevertheless
// still counts as deleted. On Amazon S3 it is made, and every lock after the first depends on it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return errors.New("usage: s3server ADDRESS FOLDER [as-is]")
	}
	store, err := open(args[1], len(args) < 3 || args[2] != "as-is")
	if err != nil {
		return err
	}
	return embedgw.RunVersityGW(ctx, store, &embedgw.Config{Ports: []string{args[0]},
		RootUserAccess: os.Getenv("AWS_ACCESS_KEY_ID"), RootUserSecret: os.Getenv("AWS_SECRET_ACCESS_KEY"),
		MaxConnections: 100, MaxRequests: 100, MultipartMaxParts: 10000})
}

// open keeps objects, their versions and what is known about them in three folders side by side, so
// that the file system need not have extended attributes.
func open(folder string, mend bool) (backend.Backend, error) {
	dirs := map[string]string{}
	for _, name := range []string{"objects", "versions", "metadata"} {
		dirs[name] = filepath.Join(folder, name)
		if err := os.MkdirAll(dirs[name], 0o755); err != nil {
			return nil, err
		}
	}
	about, err := meta.NewSideCar(dirs["metadata"])
	if err != nil {
		return nil, err
	}
	store, err := posix.New(dirs["objects"], about, posix.PosixOpts{VersioningDir: dirs["versions"], SideCarDir: dirs["metadata"], Concurrency: 100})
	if err != nil || !mend {
		return store, err
	}
	return &mended{Backend: store, about: about}, nil
}

// mended takes a deleted object for one that is not there.
type mended struct {
	backend.Backend
	about       meta.MetadataStorer
	conditional sync.Mutex // one after the other: a condition that is looked up must still hold
}

// deleteMarker is what versitygw notes about an object that was deleted.
const deleteMarker = "delete-marker"

func (m *mended) PutObject(ctx context.Context, in s3response.PutObjectInput) (s3response.PutObjectOutput, error) {
	if in.IfNoneMatch == nil {
		return m.Backend.PutObject(ctx, in)
	}
	m.conditional.Lock()
	defer m.conditional.Unlock()
	_, err := m.HeadObject(ctx, &s3.HeadObjectInput{Bucket: in.Bucket, Key: in.Key, VersionId: new(string)})
	if !errors.Is(err, s3err.GetAPIError(s3err.ErrNoSuchKey)) {
		return m.Backend.PutObject(ctx, in) // it is there
	}
	in.IfNoneMatch = nil
	out, err := m.Backend.PutObject(ctx, in)
	if err == nil {
		_ = m.about.DeleteAttribute(*in.Bucket, *in.Key, deleteMarker) // as a rule there is none
	}
	return out, err
}
