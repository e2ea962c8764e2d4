// Package identity holds Ed25519 keys and their names.
//
// Everybody in Stoa is a key: a member, a node, a community (its root key). A key is written as a did:key
// (https://w3c-ccg.github.io/did-key-spec/): "did:key:z" and the base58btc of the two multicodec bytes 0xed 0x01 and
// the 32 key bytes.
package identity

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/mr-tron/base58"
)

// KeySize and SignatureSize are the sizes of a public key and of a signature, in bytes (RFC 8032).
const (
	KeySize       = ed25519.PublicKeySize
	SignatureSize = ed25519.SignatureSize
)

const didPrefix = "did:key:z"

// ErrKey says that bytes or text are not a key Stoa accepts: malformed, not canonical, or of small order.
var ErrKey = errors.New("identity: not an acceptable Ed25519 key")

// PublicKey is an Ed25519 public key. It is comparable, and its zero value is no key.
type PublicKey [KeySize]byte

// ParseDID reads a did:key. Only the canonical text of a key is accepted, so one key has one name.
func ParseDID(text string) (PublicKey, error) {
	var k PublicKey
	// A did:key of an Ed25519 key is 56 characters; anything longer is not worth decoding.
	if !strings.HasPrefix(text, didPrefix) || len(text) > 64 {
		return k, fmt.Errorf("%w: not a did:key of an Ed25519 key", ErrKey)
	}
	raw, err := base58.Decode(text[len(didPrefix):])
	if err != nil || len(raw) != 2+KeySize || raw[0] != 0xed || raw[1] != 0x01 {
		return k, fmt.Errorf("%w: not a did:key of an Ed25519 key", ErrKey)
	}
	k, err = FromBytes(raw[2:])
	if err == nil && k.String() != text {
		return PublicKey{}, fmt.Errorf("%w: not the canonical did:key text", ErrKey)
	}
	return k, err
}

// FromBytes checks 32 bytes as a public key.
func FromBytes(raw []byte) (PublicKey, error) {
	var k PublicKey
	if len(raw) != KeySize {
		return k, fmt.Errorf("%w: %d bytes", ErrKey, len(raw))
	}
	copy(k[:], raw)
	if err := k.check(); err != nil {
		return PublicKey{}, err
	}
	return k, nil
}

// IsZero reports whether k is no key.
func (k PublicKey) IsZero() bool { return k == PublicKey{} }

// String is the did:key of k.
func (k PublicKey) String() string {
	raw := append([]byte{0xed, 0x01}, k[:]...)
	return didPrefix + base58.Encode(raw)
}

// MarshalText writes the did:key.
func (k PublicKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads a did:key.
func (k *PublicKey) UnmarshalText(text []byte) error {
	parsed, err := ParseDID(string(text))
	if err != nil {
		return err
	}
	*k = parsed
	return nil
}

// Verify reports whether sig is k's signature over message (RFC 8032, section 5.1.7, by the cofactorless equation, with
// S < L). R is held to the same rule as a key, as Web Crypto demands and not every library does: a signature with an R
// of small order holds in some places and not in others.
func (k PublicKey) Verify(message, sig []byte) bool {
	return len(sig) == SignatureSize && !PublicKey(sig[:KeySize]).weak() && ed25519.Verify(k[:], message, sig)
}

// Signer signs as one key. The private half may live elsewhere.
type Signer interface {
	Public() PublicKey
	Sign(message []byte) ([]byte, error)
}

// PrivateKey is a Signer that holds its key in memory. The zero value is none, and using it panics.
type PrivateKey struct {
	key *ed25519.PrivateKey // behind a pointer, so that no verb of fmt prints it, however deep it lies in a struct
}

// Generate makes a new key from the system's randomness.
func Generate() PrivateKey {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err) // rand.Reader never fails since Go 1.24
	}
	return PrivateKey{&key}
}

// FromSeed makes the key of a 32-byte seed (RFC 8032, section 5.1.5).
func FromSeed(seed []byte) (PrivateKey, error) {
	if len(seed) != ed25519.SeedSize {
		return PrivateKey{}, fmt.Errorf("%w: a seed has %d bytes, not %d", ErrKey, ed25519.SeedSize, len(seed))
	}
	key := ed25519.NewKeyFromSeed(seed)
	return PrivateKey{&key}, nil
}

// Seed is the 32 bytes the key is made from. Handle with care.
func (p PrivateKey) Seed() []byte { return p.key.Seed() }

// Public is the public half.
func (p PrivateKey) Public() PublicKey { return PublicKey((*p.key)[ed25519.SeedSize:]) }

// Sign implements Signer.
func (p PrivateKey) Sign(message []byte) ([]byte, error) { return ed25519.Sign(*p.key, message), nil }

// String keeps the key out of logs.
func (p PrivateKey) String() string { return "private key of " + p.Public().String() }
