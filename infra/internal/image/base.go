package image

import (
	"bytes"
	"encoding/pem"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// baseLayer is what every service finds beside its binary: users, certificates
// of public authorities, a folder for temporary files.
var baseLayer = sync.OnceValues(func() (v1.Layer, error) {
	content, err := Tar(
		Entry{Name: "etc/", Mode: 0o755},
		Entry{Name: "etc/group", Mode: 0o644, Content: []byte("root:x:0:\nnonroot:x:65532:\n")},
		Entry{Name: "etc/nsswitch.conf", Mode: 0o644, Content: []byte("hosts: files dns\n")},
		Entry{Name: "etc/passwd", Mode: 0o644, Content: []byte("root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n")},
		Entry{Name: "etc/ssl/", Mode: 0o755},
		Entry{Name: "etc/ssl/certs/", Mode: 0o755},
		Entry{Name: "etc/ssl/certs/ca-certificates.crt", Mode: 0o644, Content: certificates()},
		Entry{Name: "home/", Mode: 0o755},
		Entry{Name: "home/nonroot/", Mode: 0o700, UID: 65532, GID: 65532},
		Entry{Name: "tmp/", Mode: 0o1777},
	)
	if err != nil {
		return nil, err
	}
	facts, compressed, err := compress(content)
	if err != nil {
		return nil, err
	}
	return memoryLayer(facts, compressed), nil
})

// certificates are Mozilla's roots, as pinned by go.sum. Roots that Mozilla
// trusts under a condition only (until a date) are left out, since a PEM file
// cannot say so.
func certificates() []byte {
	var file bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			// Writing to a buffer cannot fail.
			_ = pem.Encode(&file, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate})
		}
	}
	return file.Bytes()
}
