package identity_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"filippo.io/edwards25519"

	"github.com/stoa-rooms/stoa/identity"
)

// acceptable says by arithmetic on points, slowly, what FromBytes says by looking at bytes.
func acceptable(raw []byte) bool {
	p, err := new(edwards25519.Point).SetBytes(raw)
	if err != nil || string(p.Bytes()) != string(raw) {
		return false
	}
	return new(edwards25519.Point).MultByCofactor(p).Equal(edwards25519.NewIdentityPoint()) == 0
}

func compare(t *testing.T, raw []byte) {
	t.Helper()
	_, err := identity.FromBytes(raw)
	if want := acceptable(raw); (err == nil) != want || err != nil && !errors.Is(err, identity.ErrKey) {
		t.Errorf("%x: %v, want acceptable to be %v", raw, err, want)
	}
}

// TestKeysByArithmetic holds the tables of weak.go to the curve: encodings at the edges, those of every point whose order
// divides 8, and of others, in all variants of sign and of y + p.
func TestKeysByArithmetic(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	order := scalarOrder(t)
	small := map[string]bool{}
	for n := range 2000 {
		var raw [32]byte
		for i := range raw {
			raw[i] = byte(r.Uint32())
		}
		compare(t, raw[:])
		p, err := new(edwards25519.Point).SetBytes(raw[:])
		if err != nil {
			continue
		}
		if n < 200 { // ℓ·p is the part of p whose order divides 8
			small[string(times(p, order).Bytes())] = true
		}
	}
	if len(small) != 8 {
		t.Fatalf("%d points of small order were found, want all 8", len(small))
	}
	for encoded := range small {
		for _, sign := range []byte{0, 0x80} {
			raw := []byte(encoded)
			raw[31] ^= sign
			compare(t, raw)
		}
	}
	for low := range 256 { // 0 … 255, and from p − 237 to p + 18, the largest there is
		for _, sign := range []byte{0, 0x80} {
			compare(t, append([]byte{byte(low)}, append(make([]byte, 30), sign)...))
			high := make([]byte, 32)
			for i := range high {
				high[i] = 0xff
			}
			high[0], high[31] = byte(low), 0x7f|sign
			compare(t, high)
		}
	}
}

// scalarOrder is ℓ, the order of the large subgroup (RFC 8032, section 5.1), the lowest byte first.
func scalarOrder(t *testing.T) []byte {
	t.Helper()
	one, err := edwards25519.NewScalar().SetCanonicalBytes(append([]byte{1}, make([]byte, 31)...))
	if err != nil {
		t.Fatal(err)
	}
	order := edwards25519.NewScalar().Negate(one).Bytes() // ℓ − 1
	order[0]++
	return order
}

// times is n·p without reducing n, as Scalar would.
func times(p *edwards25519.Point, n []byte) *edwards25519.Point {
	sum := edwards25519.NewIdentityPoint()
	for i := 8*len(n) - 1; i >= 0; i-- {
		sum.Add(sum, sum)
		if n[i/8]>>(i%8)&1 == 1 {
			sum.Add(sum, p)
		}
	}
	return sum
}
