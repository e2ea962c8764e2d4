package statement

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"filippo.io/edwards25519"

	"github.com/stoa-rooms/stoa/reason"
)

// flip changes the lowest bit of one byte of one part.
func flip(text string, partIndex, at int) string {
	parts := strings.Split(text, ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[partIndex])
	if err != nil {
		panic(err)
	}
	raw[at] ^= 1
	parts[partIndex] = part(string(raw))
	return strings.Join(parts, ".")
}

// wrongSignature is about texts that are right but for what signs them.
func wrongSignature(tb testing.TB, r *refusals) {
	tb.Helper()
	f := forge(tb, KindDelegate)
	message := []byte(f.input())
	add := func(name string, signature []byte) {
		r.add(reason.StatementSignature, name, f.input()+"."+part(string(signature)))
	}
	good := signWith(rootName, nil, nil, nil, message)
	if f.text() != f.input()+"."+part(string(good)) {
		tb.Fatal("signWith is not RFC 8032: the wrong signatures would be wrong for the wrong reason")
	}
	for _, at := range []int{0, 15, 31, 32, 47, 63} {
		r.add(reason.StatementSignature, fmt.Sprintf("bit of signature byte %d flipped", at), flip(f.text(), 2, at))
	}
	add("signature of 1 byte", good[:1])
	add("signature of 63 bytes", good[:63])
	add("signature of 65 bytes", append(slices.Clone(good), 0))
	add("signature of 128 bytes", slices.Concat(good, good))
	add("signature of zeros", make([]byte, 64))
	add("signature of ones", bytes.Repeat([]byte{0xff}, 64))
	add("R and S exchanged", slices.Concat(good[32:], good[:32]))
	for n := int64(1); n <= 14; n += 13 {
		add(fmt.Sprintf("S + %d L", n), plusL(good, n))
	}
	add("S = L", plusL(append(slices.Clone(good[:32]), make([]byte, 32)...), 1))
	add("S with its high bit set", append(slices.Clone(good[:63]), good[63]|0x80))
	add("S with bit 253 set", append(slices.Clone(good[:63]), good[63]|0x20))
	negated := edwards25519.NewScalar()
	if _, err := negated.SetCanonicalBytes(good[32:]); err != nil {
		tb.Fatal(err)
	}
	add("-S", append(slices.Clone(good[:32]), negated.Negate(negated).Bytes()...))
	add("-R", append(append(slices.Clone(good[:31]), good[31]^0x80), good[32:]...))
	add("R of order 1, that satisfies the equation",
		signWith(rootName, nil, nil, edwards25519.NewScalar(), message))
	for _, w := range weakKeys() {
		add("R "+w.name, append(unhex(w.raw), good[32:]...))
		add("R "+w.name+", S = 0", append(unhex(w.raw), make([]byte, 32)...))
	}
	add("R of order 8, that satisfies the equation with the cofactor",
		signWith(rootName, nil, point(unhex(torsion)), edwards25519.NewScalar(), message))
	add("R with a part of order 8, that satisfies the equation with the cofactor",
		signWith(rootName, nil, point(unhex(torsion)), nil, message))
	r.add(reason.StatementSignature, "key with a part of order 8, that satisfies the equation only with the cofactor",
		mixedText(forge(tb, KindProfile), false))
	add("Ed25519ph", prehashed(rootName, message))
	add("Ed25519ctx", withContext(rootName, message))
	add("signature by another key", signWith(nodeName, nil, nil, nil, message))
	add("signature over the payload only", signWith(rootName, nil, nil, nil, []byte(f.payload)))
	add("signature over header and payload undone", signWith(rootName, nil, nil, nil, []byte(f.header+"."+f.payload)))
	add("signature over another statement", signWith(rootName, nil, nil, nil, []byte(forge(tb, KindRules).input())))
	add("signature over the text with a line break", signWith(rootName, nil, nil, nil, append(slices.Clone(message), '\n')))
	add("signature in hexadecimal", []byte(hex.EncodeToString(good)))
	add("signature in DER", append([]byte{0x30, 0x44, 0x02, 0x20}, good...))
	h, p, s := cut(f.text())
	r.add(reason.StatementSignature, "kid of another key", f.withKid(public(nodeName).String()).text())
	r.add(reason.StatementSignature, "header with other white space", part(f.header+" ")+"."+p+"."+s)
	r.add(reason.StatementSignature, "payload with other white space", h+"."+part(f.payload+" ")+"."+s)
	r.add(reason.StatementSignature, "payload with another order", h+"."+part(f.with(tb, "order", "2").payload)+"."+s)
	r.add(reason.StatementSignature, "header of another signer",
		part(headerOf(KindDelegate, nodeName))+"."+p+"."+s)
	other := forge(tb, KindGrant)
	r.add(reason.StatementSignature, "grant with the payload of another grant",
		part(other.header)+"."+part(other.with(tb, "slots", "1000").payload)+other.text()[len(other.input()):])
}
