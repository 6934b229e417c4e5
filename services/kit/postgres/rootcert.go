package postgres

import (
	"crypto/x509"
	"fmt"
	"os"
)

// systemRoots in the place of a file are the authorities that the machine trusts, as in libpq.
const systemRoots = "system"

// checkRootCert finds at the start what would otherwise verify nothing, or show as a server that
// never answers.
func (c Config) checkRootCert() error {
	verifies := c.SSLMode == "verify-ca" || c.SSLMode == "verify-full"
	switch {
	case !verifies && c.SSLRootCert == "":
		return nil
	case !verifies:
		return fmt.Errorf("sslrootcert is for sslmode verify-ca or verify-full, and sslmode is %s", c.SSLMode)
	case c.SSLRootCert == "":
		return fmt.Errorf("sslmode %s needs sslrootcert: the file with the authorities that sign the server's certificate, or %q for those of this machine", c.SSLMode, systemRoots)
	case c.SSLRootCert == systemRoots && c.SSLMode != "verify-full":
		return fmt.Errorf("sslrootcert %s needs sslmode verify-full: anybody can have a certificate of these authorities", systemRoots)
	case c.SSLRootCert == systemRoots:
		return nil
	}
	text, err := os.ReadFile(c.SSLRootCert)
	if err != nil {
		return fmt.Errorf("sslrootcert: %w", err)
	}
	if !x509.NewCertPool().AppendCertsFromPEM(text) {
		return fmt.Errorf("sslrootcert: %s holds no certificate in PEM form", c.SSLRootCert)
	}
	return nil
}
