// Package pushtest is the other end of Web Push for tests: a browser's subscription, and what reads its messages.
package pushtest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"testing"
)

// Browser is one that subscribed.
type Browser struct {
	key  *ecdh.PrivateKey
	auth []byte
}

// NewBrowser is one with keys of its own.
func NewBrowser(t *testing.T) Browser {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b := Browser{key: key, auth: make([]byte, 16)}
	_, _ = rand.Read(b.auth)
	return b
}

// P256DH is its public key, as a subscription has it.
func (b Browser) P256DH() string {
	return base64.RawURLEncoding.EncodeToString(b.key.PublicKey().Bytes())
}

// Auth is its secret, as a subscription has it.
func (b Browser) Auth() string { return base64.RawURLEncoding.EncodeToString(b.auth) }

// Open decrypts a message as RFC 8291, section 3.4, and RFC 8188 have it.
func (b Browser) Open(t *testing.T, body []byte) string {
	t.Helper()
	salt, size, keyLength := body[:16], binary.BigEndian.Uint32(body[16:20]), int(body[20])
	sender, err := ecdh.P256().NewPublicKey(body[21 : 21+keyLength])
	if err != nil {
		t.Fatal(err)
	}
	shared, err := b.key.ECDH(sender)
	if err != nil {
		t.Fatal(err)
	}
	derive := func(secret, salt []byte, info string, n int) []byte {
		key, err := hkdf.Key(sha256.New, secret, salt, info, n)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	ikm := derive(shared, b.auth, "WebPush: info\x00"+string(b.key.PublicKey().Bytes())+string(sender.Bytes()), 32)
	block, err := aes.NewCipher(derive(ikm, salt, "Content-Encoding: aes128gcm\x00", 16))
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	sealed := body[21+keyLength:]
	if len(body) > int(size) {
		t.Errorf("a record of %d bytes says it has at most %d", len(body), size)
	}
	plain, err := gcm.Open(nil, derive(ikm, salt, "Content-Encoding: nonce\x00", 12), sealed, nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes.TrimRight(plain, "\x00")[:bytes.LastIndexByte(plain, 2)])
}
