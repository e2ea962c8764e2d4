package certs

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// files is a certificate that somebody else renews. The files are read again when they have changed.
type files struct {
	cert, key string
	log       *slog.Logger

	mu      sync.Mutex
	loaded  *tls.Certificate // guarded by mu
	changed time.Time        // of the certificate's file, when it was loaded; guarded by mu
	looked  time.Time        // guarded by mu
}

// filesLook is the least time between two looks at the files.
const filesLook = time.Minute

// load reads the files.
func (f *files) load() error {
	info, err := os.Stat(f.cert)
	if err != nil {
		return fmt.Errorf("cannot use the certificate %s: %w", f.cert, err)
	}
	cert, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return fmt.Errorf("cannot use the certificate %s with the key %s: %w", f.cert, f.key, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.loaded, f.changed, f.looked = &cert, info.ModTime(), time.Now()
	return nil
}

// get implements tls.Config.GetCertificate.
func (f *files) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	look := time.Since(f.looked) >= filesLook
	if look {
		f.looked = time.Now()
	}
	changed := f.changed
	f.mu.Unlock()
	if look {
		if info, err := os.Stat(f.cert); err == nil && !info.ModTime().Equal(changed) {
			if err := f.load(); err != nil {
				f.log.Error("the new certificate cannot be used; the page keeps the one before", "error", err)
			}
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.loaded, nil
}
