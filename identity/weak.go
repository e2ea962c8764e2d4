package identity

import (
	"bytes"
	"fmt"

	"filippo.io/edwards25519"
)

// signBit is the bit of an encoding that is not the y-coordinate's: the sign of x, in the last byte (RFC 8032, section
// 5.1.2).
const signBit = 0x80

// prime is p = 2²⁵⁵ − 19 as encodings have it, the lowest byte first.
var prime = [KeySize]byte{ //nolint:gochecknoglobals // a number
	0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
}

// smallOrder are the y-coordinates of the eight points whose order divides 8: 1, p − 1, 0, and the two of order 8. The
// tests compute them anew.
var smallOrder = [...][KeySize]byte{ //nolint:gochecknoglobals // a table
	{1},
	{
		0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
	},
	{},
	{
		0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
		0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
	},
	{
		0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
		0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
	},
}

// check refuses encodings of points that are not canonical or have small order. Under a small-order key one signature
// verifies for many messages; under two encodings one person has two names.
func (k PublicKey) check() error {
	if !k.canonical() {
		return fmt.Errorf("%w: not the canonical encoding of a point", ErrKey)
	}
	if k.weak() {
		return fmt.Errorf("%w: a point of small order", ErrKey)
	}
	if _, err := new(edwards25519.Point).SetBytes(k[:]); err != nil {
		return fmt.Errorf("%w: not a point of the curve", ErrKey)
	}
	return nil
}

// y is the encoding without the sign of x.
func (k PublicKey) y() [KeySize]byte {
	k[KeySize-1] &^= signBit
	return k
}

// canonical reports whether the y-coordinate is below p. The one other way to encode a point twice is the sign of an x
// that is 0; such points are weak.
func (k PublicKey) canonical() bool {
	y := k.y()
	for i := KeySize - 1; i >= 0; i-- {
		if y[i] != prime[i] {
			return y[i] < prime[i]
		}
	}
	return false
}

// weak reports whether a canonical encoding is that of a point of small order.
func (k PublicKey) weak() bool {
	y := k.y()
	for _, small := range smallOrder {
		if bytes.Equal(y[:], small[:]) {
			return true
		}
	}
	return false
}
