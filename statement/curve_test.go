package statement

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"filippo.io/edwards25519"
	"github.com/mr-tron/base58"
)

// torsion is a point of order 8.
const torsion = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"

// weakKeys are 32-byte strings that are no acceptable key, by what is wrong with them.
func weakKeys() []struct{ name, raw string } {
	return []struct{ name, raw string }{
		{"of order 1", "01" + strings.Repeat("00", 31)},
		{"of order 2", "ec" + strings.Repeat("ff", 30) + "7f"},
		{"of order 4", strings.Repeat("00", 32)},
		{"of order 4, x odd", strings.Repeat("00", 31) + "80"},
		{"of order 8", torsion},
		{"of order 8, x odd", torsion[:62] + "85"},
		{"of order 8, the other y", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"},
		{"of order 8, the other y, x odd", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"},
		{"of order 1, with minus zero", "01" + strings.Repeat("00", 30) + "80"},
		{"of order 2, with minus zero", "ec" + strings.Repeat("ff", 31)},
		{"with y = p", "ed" + strings.Repeat("ff", 30) + "7f"},
		{"with y = p + 1", "ee" + strings.Repeat("ff", 30) + "7f"},
		{"with y = p + 3", "f0" + strings.Repeat("ff", 30) + "7f"},
		{"with y = p + 3, x odd", "f0" + strings.Repeat("ff", 31)},
		{"that is no point of the curve", "02" + strings.Repeat("00", 31)},
	}
}

func unhex(s string) []byte {
	raw, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return raw
}

// did writes bytes, whatever they are, as a did:key of an Ed25519 key.
func did(raw []byte) string { return "did:key:z" + base58.Encode(append([]byte{0xed, 0x01}, raw...)) }

// secretScalar is the scalar a of a key and the prefix of its nonces (RFC 8032, section 5.1.5).
func secretScalar(name string) (*edwards25519.Scalar, []byte) {
	h := sha512.Sum512(key(name).Seed())
	a, err := edwards25519.NewScalar().SetBytesWithClamping(h[:32])
	if err != nil {
		panic(err)
	}
	return a, h[32:]
}

func scalar(parts ...[]byte) *edwards25519.Scalar {
	digest := sha512.Sum512(slices.Concat(parts...))
	k, err := edwards25519.NewScalar().SetUniformBytes(digest[:])
	if err != nil {
		panic(err)
	}
	return k
}

func point(raw []byte) *edwards25519.Point {
	p, err := new(edwards25519.Point).SetBytes(raw)
	if err != nil {
		panic(err)
	}
	return p
}

// signWith signs as the key A = a·B + add with R = r·B + shift. With both nil it is RFC 8032.
func signWith(name string, add, shift *edwards25519.Point, r *edwards25519.Scalar, message []byte) []byte {
	a, prefix := secretScalar(name)
	publicPoint := new(edwards25519.Point).ScalarBaseMult(a)
	if add != nil {
		publicPoint.Add(publicPoint, add)
	}
	if r == nil {
		r = scalar(prefix, message)
	}
	rPoint := new(edwards25519.Point).ScalarBaseMult(r)
	if shift != nil {
		rPoint.Add(rPoint, shift)
	}
	k := scalar(rPoint.Bytes(), publicPoint.Bytes(), message)
	return append(rPoint.Bytes(), edwards25519.NewScalar().MultiplyAdd(k, a, r).Bytes()...)
}

// mixedKey is the did:key of name's point plus a point of order 8: neither of small order nor of prime order.
func mixedKey(name string) string {
	p := public(name)
	return did(new(edwards25519.Point).Add(point(p[:]), point(unhex(torsion))).Bytes())
}

// mixedText signs a payload as mixedKey. It tries nonces until the equation holds without the cofactor (strict), or
// only with it.
func mixedText(f forgery, strict bool) string {
	header := strings.Replace(f.header, public(f.signer).String(), mixedKey(f.signer), 1)
	f = f.withHeader(header)
	mixed := new(edwards25519.Point).Add(point(publicBytes(f.signer)), point(unhex(torsion)))
	for n := range 1000 {
		sig := signWith(f.signer, point(unhex(torsion)), nil, scalar(fmt.Appendf(nil, "nonce %d", n)), []byte(f.input()))
		if ed25519.Verify(mixed.Bytes(), []byte(f.input()), sig) == strict {
			return f.input() + "." + part(string(sig))
		}
	}
	panic("no nonce found")
}

func publicBytes(name string) []byte {
	p := public(name)
	return p[:]
}

var order, _ = new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)

// plusL adds n times the group order to the S of a signature.
func plusL(sig []byte, n int64) []byte {
	le := slices.Clone(sig[32:])
	slices.Reverse(le)
	sum := new(big.Int).SetBytes(le)
	sum.Add(sum, new(big.Int).Mul(order, big.NewInt(n)))
	be := sum.FillBytes(make([]byte, 32))
	slices.Reverse(be)
	return append(slices.Clone(sig[:32]), be...)
}

// prehashed is an Ed25519ph signature, withContext an Ed25519ctx one: other algorithms under the same key.
func prehashed(name string, message []byte) []byte {
	digest := sha512.Sum512(message)
	return variant(name, digest[:], &ed25519.Options{Hash: crypto.SHA512})
}

func withContext(name string, message []byte) []byte {
	return variant(name, message, &ed25519.Options{Context: "stoa"})
}

func variant(name string, message []byte, o *ed25519.Options) []byte {
	sig, err := ed25519.NewKeyFromSeed(key(name).Seed()).Sign(nil, message, o)
	if err != nil {
		panic(err)
	}
	return sig
}
