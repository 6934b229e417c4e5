// Package localca makes certificates for names on this machine, signed by an authority of this
// machine's own that its user may choose to trust.
package localca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	authorityLife = 10 * 365 * 24 * time.Hour
	leafLife      = 397 * 24 * time.Hour // the longest that browsers accept
	renewBefore   = 30 * 24 * time.Hour
)

// Authority is a folder with ca.crt and ca.key.
type Authority struct {
	Dir string
}

// Default is kindling in the user's data folder ($XDG_DATA_HOME, or ~/.local/share), shared by
// all checkouts, so that trusting it once is enough. KINDLING_CA names another folder.
func Default() (Authority, error) {
	if dir := os.Getenv("KINDLING_CA"); dir != "" {
		abs, err := filepath.Abs(dir)
		return Authority{Dir: abs}, err
	}
	base := os.Getenv("XDG_DATA_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return Authority{}, fmt.Errorf("no home folder: %w; set KINDLING_CA", err)
		}
		base = filepath.Join(home, ".local", "share")
	}
	return Authority{Dir: filepath.Join(base, "kindling")}, nil
}

// Certificate is the path of the authority's certificate, for curl --cacert and browsers.
func (a Authority) Certificate() string { return filepath.Join(a.Dir, "ca.crt") }

// Issue makes dir/tls.crt and dir/tls.key for the names, unless they are there, are signed by
// this authority, cover the names and do not expire soon. It reports whether it made them.
func (a Authority) Issue(dir string, names []string) (made bool, err error) {
	ca, caKey, err := a.ensure()
	if err != nil {
		return false, fmt.Errorf("local certificate authority in %s: %w", a.Dir, err)
	}
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	if covers(filepath.Join(dir, "tls.crt"), ca, names) {
		if _, err := os.Stat(filepath.Join(dir, "tls.key")); err == nil {
			return false, nil
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return false, err
	}
	template := x509.Certificate{Subject: pkix.Name{CommonName: names[0]}, DNSNames: names,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := sign(&template, ca, key, caKey, leafLife)
	if err != nil {
		return false, err
	}
	return true, writePair(dir, "tls", der, key)
}

// ensure reads the authority, or makes it.
func (a Authority) ensure() (*x509.Certificate, *ecdsa.PrivateKey, error) {
	certificate, key, err := a.read()
	if err == nil && time.Until(certificate.NotAfter) > renewBefore {
		return certificate, key, nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, nil, err
	}
	if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, nil, err
	}
	template := x509.Certificate{Subject: pkix.Name{CommonName: "Kindling local CA (" + host + ")"}, IsCA: true, BasicConstraintsValid: true,
		MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	der, err := sign(&template, &template, key, key, authorityLife)
	if err != nil {
		return nil, nil, err
	}
	if err := writePair(a.Dir, "ca", der, key); err != nil {
		return nil, nil, err
	}
	return a.read()
}

func (a Authority) read() (*x509.Certificate, *ecdsa.PrivateKey, error) {
	certificate, err := readCertificate(a.Certificate())
	if err != nil {
		return nil, nil, err
	}
	text, err := os.ReadFile(filepath.Join(a.Dir, "ca.key"))
	if err != nil {
		return nil, nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, nil, errors.New("ca.key holds no PEM block; remove ca.crt and ca.key to start anew")
	}
	key, err := x509.ParseECPrivateKey(block.Bytes)
	return certificate, key, err
}

func readCertificate(path string) (*x509.Certificate, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s holds no PEM block; remove it to start anew", path)
	}
	return x509.ParseCertificate(block.Bytes)
}

// covers tells whether the certificate at path serves all names for some time to come.
func covers(path string, ca *x509.Certificate, names []string) bool {
	certificate, err := readCertificate(path)
	if err != nil || time.Until(certificate.NotAfter) < renewBefore || certificate.CheckSignatureFrom(ca) != nil {
		return false
	}
	return !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(certificate.DNSNames, name) })
}

func sign(template, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey, life time.Duration) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	template.NotBefore = time.Now().Add(-time.Hour) // for clocks that differ a little
	template.NotAfter = time.Now().Add(life)
	return x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
}

// writePair writes the key before the certificate, each whole or not at all: a certificate that
// is there has its key.
func writePair(dir, name string, der []byte, key *ecdsa.PrivateKey) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, name+".key"), 0o600, "EC PRIVATE KEY", private); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, name+".crt"), 0o644, "CERTIFICATE", der)
}

func writeFile(path string, mode os.FileMode, kind string, der []byte) error {
	fresh := path + ".new"
	if err := os.WriteFile(fresh, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}
