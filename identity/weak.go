package identity

import (
	"fmt"

	"filippo.io/edwards25519"
)

// check refuses encodings of points that are not canonical or have small order. Under a small-order key one signature
// verifies for many messages; under two encodings one person has two names.
func (k PublicKey) check() error {
	p, err := new(edwards25519.Point).SetBytes(k[:])
	if err != nil {
		return fmt.Errorf("%w: not a point of the curve", ErrKey)
	}
	if [32]byte(p.Bytes()) != k {
		return fmt.Errorf("%w: not the canonical encoding of a point", ErrKey)
	}
	if new(edwards25519.Point).MultByCofactor(p).Equal(edwards25519.NewIdentityPoint()) == 1 {
		return fmt.Errorf("%w: a point of small order", ErrKey)
	}
	return nil
}
