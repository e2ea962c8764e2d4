package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/identity"
)

// asFlag names the person whom a command is for.
type asFlag struct {
	As string `help:"Who you are: a name whose key is kept in your configuration directory, or the path of a key file (default ${default})." default:"me" placeholder:"NAME"`
}

// person is who uses the command line, as their key file has them.
type person struct {
	Key  string `json:"key"`  // the Ed25519 seed, base64url (RFC 8032, section 5.1.5)
	Node string `json:"node"` // the address of their node
	Name string `json:"name"` // what others see
}

// namePattern is what a name may be, so that it is a file name everywhere.
var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// file is where the person's key is.
func (f asFlag) file() (string, error) {
	if strings.ContainsRune(f.As, filepath.Separator) {
		return f.As, nil
	}
	if !namePattern.MatchString(f.As) {
		return "", fmt.Errorf("--as %q: a name has letters, digits and . _ -; a path has a %c in it", f.As, filepath.Separator)
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("there is no place for key files: %w; give a path to --as", err)
	}
	return filepath.Join(dir, "stoa", f.As+".json"), nil
}

// load reads the key file.
func (f asFlag) load() (person, error) {
	file, err := f.file()
	if err != nil {
		return person{}, err
	}
	data, err := os.ReadFile(file) //nolint:gosec // the file that the user names
	if errors.Is(err, fs.ErrNotExist) {
		return person{}, fmt.Errorf("there is no key file %s yet; an invite link makes one: stoa join 'https://…/i/…#…' --as %s --name 'Your name': %w", file, f.As, err)
	}
	if err != nil {
		return person{}, fmt.Errorf("cannot read your key: %w", err)
	}
	var p person
	if err := json.Unmarshal(data, &p, json.RejectUnknownMembers(true)); err != nil {
		return person{}, fmt.Errorf("%s is not a key file of stoa: %w", file, err)
	}
	_, err = p.client()
	return p, err
}

// save writes a new key file, for its owner's eyes alone. It never replaces one.
func (f asFlag) save(p person) error {
	file, err := f.file()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("cannot keep your key: %w", err)
	}
	data, err := json.Marshal(p, jsontext.WithIndent("  "))
	if err != nil {
		return fmt.Errorf("cannot keep your key: %w", err)
	}
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the file that the user names
	if err != nil {
		return fmt.Errorf("cannot keep your key: %w", err)
	}
	_, err = out.Write(append(data, '\n'))
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return fmt.Errorf("cannot keep your key: %w", err)
	}
	return nil
}

// newPerson is somebody with a new key.
func newPerson(node, name string) person {
	return person{Key: base64.RawURLEncoding.EncodeToString(identity.Generate().Seed()), Node: node, Name: name}
}

// client is the person at their node.
func (p person) client() (*client.Client, error) {
	seed, err := base64.RawURLEncoding.Strict().DecodeString(p.Key)
	if err != nil {
		return nil, fmt.Errorf("the key file holds no key: %w", err)
	}
	key, err := identity.FromSeed(seed)
	if err != nil {
		return nil, fmt.Errorf("the key file holds no key: %w", err)
	}
	return client.New(p.Node, key, client.Options{Program: "stoa"}), nil
}
