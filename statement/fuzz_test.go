package statement

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/stoa-rooms/stoa/reason"
)

// FuzzParse throws texts at Parse: it never panics, refuses with a reason, and what it accepts has one text and one id.
func FuzzParse(f *testing.F) {
	for _, v := range validVectors(f) {
		f.Add(v.Text)
	}
	for i, v := range invalidVectors(f) {
		if i%7 == 0 && len(v.Text) < 2*MaxSize {
			f.Add(v.Text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		checkAgainstLibrary(t, text)
		s, err := Parse(text)
		if err != nil {
			if reject := new(reason.RejectError); !errors.As(err, &reject) || !s.IsZero() {
				t.Fatalf("refused with %v and %v", err, s)
			}
			return
		}
		checkAccepted(t, s, text)
	})
}

// FuzzBody throws payloads at every kind, signed, so that the fuzzer gets past the signature.
func FuzzBody(f *testing.F) {
	kinds := make([]Kind, 0, 12)
	for i, e := range examples() {
		kinds = append(kinds, e.body.Kind())
		f.Add(byte(i), mustJSON(e.body))
	}
	f.Add(byte(9), []byte(`{"aud":"`+public(rootName).String()+`","iat":1.8e9,"name":"\ud83c\udfdb"}`))
	f.Fuzz(func(t *testing.T, at byte, payload []byte) {
		kind := kinds[int(at)%len(kinds)]
		text := forgery{headerOf(kind, rootName), string(payload), rootName}.text()
		checkAgainstLibrary(t, text)
		s, err := Parse(text)
		if err != nil {
			return
		}
		checkAccepted(t, s, text)
		if s.Kind() != kind {
			t.Fatalf("a %s is read as a %s", kind, s.Kind())
		}
		again := mustSign(t, s.Body(), rootName)
		if !bytes.Equal(mustJSON(again.Body()), mustJSON(s.Body())) {
			t.Fatalf("%s is written again as %s", payload, mustJSON(again.Body()))
		}
	})
}

func checkAccepted(t *testing.T, s Statement, text string) {
	t.Helper()
	if s.Text() != text || len(text) > MaxSize || s.IsZero() || s.ID().IsZero() {
		t.Fatalf("accepted %q as %q", text, s.Text())
	}
	again, err := Parse(s.Text())
	if err != nil || again.ID() != s.ID() || again.Signer() != s.Signer() {
		t.Fatalf("read twice, it is another statement: %v", err)
	}
	for part := range strings.SplitSeq(text, ".") {
		raw, err := base64.RawURLEncoding.Strict().DecodeString(part)
		if err != nil || base64.RawURLEncoding.EncodeToString(raw) != part {
			t.Fatalf("accepted %q, which has a second text", text)
		}
	}
	if _, err := Parse(flip(text, 0, 3)); err == nil {
		t.Fatal("accepted with a bit of its header flipped")
	}
	if _, err := Parse(flip(text, 1, 3)); err == nil {
		t.Fatal("accepted with a bit of its payload flipped")
	}
}
