package statement

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

// SaltSize is the number of random bytes before a committed text.
const SaltSize = 16

// Salt is the randomness that keeps a committed text from being guessed.
type Salt [SaltSize]byte

// Text is a text that a statement commits to, with its salt. It travels and is stored beside the statement, so that it
// can be erased without breaking a signature or a log.
type Text struct {
	Salt Salt   `json:"salt"`
	Text string `json:"text"`
}

// NewText salts a text.
func NewText(text string) Text {
	t := Text{Text: text}
	_, _ = rand.Read(t.Salt[:]) // never fails since Go 1.24
	return t
}

// Commitment is what a statement holds in place of the text.
func (t Text) Commitment() Commitment {
	return sha256.Sum256(append(t.Salt[:], t.Text...))
}

// MarshalText writes 22 characters of base64url.
func (s Salt) MarshalText() ([]byte, error) {
	return []byte(base64.RawURLEncoding.EncodeToString(s[:])), nil
}

// UnmarshalText reads 22 characters of canonical base64url.
func (s *Salt) UnmarshalText(text []byte) error {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(string(text))
	if err != nil || len(raw) != SaltSize || len(text) != 22 {
		return fmt.Errorf("statement: want 22 characters of base64url, have %d", len(text))
	}
	copy(s[:], raw)
	return nil
}
