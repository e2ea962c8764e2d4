package identity_test

import (
	"crypto/sha512"
	"testing"

	"filippo.io/edwards25519"

	"github.com/stoa-rooms/stoa/identity"
)

// identityR signs with the nonce 0: R is the neutral element and S = k·a.
func identityR(t *testing.T, private identity.PrivateKey, message []byte) []byte {
	t.Helper()
	public := private.Public()
	expanded := sha512.Sum512(private.Seed())
	a, err := edwards25519.NewScalar().SetBytesWithClamping(expanded[:32])
	if err != nil {
		t.Fatal(err)
	}
	r := edwards25519.NewIdentityPoint().Bytes()
	digest := sha512.Sum512(append(append(append([]byte(nil), r...), public[:]...), message...))
	k, err := edwards25519.NewScalar().SetUniformBytes(digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return append(r, edwards25519.NewScalar().Multiply(k, a).Bytes()...)
}
