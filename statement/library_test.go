package statement

import (
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

// library lets the JOSE library ask identity for a signature.
type library struct{ key identity.PublicKey }

// VerifyPayload implements jose.OpaqueVerifier.
func (l library) VerifyPayload(payload, signature []byte, alg jose.SignatureAlgorithm) error {
	if alg != jose.EdDSA || !l.key.Verify(payload, signature) {
		return jose.ErrCryptoFailure
	}
	return nil
}

// libraryAccepts says what a JOSE library makes of a text, signed by whom its header names.
func libraryAccepts(text string) bool {
	jws, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return false
	}
	signer, err := identity.ParseDID(jws.Signatures[0].Protected.KeyID)
	if err != nil {
		return false
	}
	_, err = jws.Verify(library{signer})
	return err == nil
}

// checkAgainstLibrary holds what is made of a signature against what a JOSE library makes of the whole text, for every
// text that gets as far. The library alone accepts more texts: this is why it may not see them first.
func checkAgainstLibrary(t *testing.T, text string) {
	t.Helper()
	e, err := new(Parser).open(text, "")
	if err != nil {
		return
	}
	if err := e.verify(); (err == nil) != libraryAccepts(text) {
		t.Fatalf("verified with %v, and not so by the library: %q", err, text)
	}
}

// checkHeaderBothWays holds the short way of reading a header against the long one.
func checkHeaderBothWays(t *testing.T, raw []byte) {
	t.Helper()
	p := new(Parser)
	kind, signer, err := p.readHeader(raw, "")
	again, signerAgain, errAgain := p.readAnyHeader(raw, "")
	if kind != again || signer != signerAgain || reason.Of(err) != reason.Of(errAgain) {
		t.Fatalf("header %q: %s by %s, %v; the long way %s by %s, %v", raw, kind, signer, err, again, signerAgain, errAgain)
	}
}

func TestTheLibraryAgrees(t *testing.T) {
	for _, v := range validVectors(t) {
		if !libraryAccepts(v.Text) {
			t.Errorf("%s: the library refuses it", v.Name)
		}
	}
	for _, v := range invalidVectors(t) {
		if len(v.Text) < 2*MaxSize {
			checkAgainstLibrary(t, v.Text)
		}
	}
}

// What begins as a usual header does and is none is refused for the reason it always was.
func TestHeaderBothWays(t *testing.T) {
	good := headerOf(KindJoin, leoName)
	key := public(leoName).String()
	for _, raw := range []string{
		good,
		good + " ",
		good[:len(good)-1],
		strings.Replace(good, "join", "joy", 1),
		strings.Replace(good, "join", "", 1),
		strings.Replace(good, "join", `join+jwt","kid":"`+key+`","x":"`, 1),
		strings.Replace(good, key, "", 1),
		strings.Replace(good, key, key[:55], 1),
		strings.Replace(good, key, key+`","kid":"`+key, 1),
		strings.Replace(good, key, key+`","x":"`, 1),
		strings.Replace(good, key, `did\u003a`+key[4:], 1),
		strings.Replace(good, key, key+"\n", 1),
		strings.Replace(good, "EdDSA", "none", 1),
		strings.Replace(good, "alg", "Alg", 1),
	} {
		checkHeaderBothWays(t, []byte(raw))
	}
}

// A Parser that has seen much gives what one gives that has seen nothing.
func TestParserForgetsNothingThatMatters(t *testing.T) {
	p := new(Parser)
	for range 2 {
		for _, v := range validVectors(t) {
			s, err := p.Parse(v.Text)
			if err != nil || s.ID() != v.ID || s.Signer().String() != v.Signer || string(mustJSON(s.Body())) != string(v.Body) {
				t.Errorf("%s: %s by %s, %v", v.Name, s.ID(), s.Signer(), err)
			}
		}
		for _, v := range invalidVectors(t) {
			_, want := Parse(v.Text)
			if _, err := p.Parse(v.Text); reason.Of(err) != reason.Of(want) {
				t.Errorf("%s: refused with %v, by a new one with %v", v.Name, err, want)
			}
		}
	}
	// The keys it remembers are bounded, whatever it reads.
	for range maxKeys + 10 {
		if _, err := p.key(identity.Generate().Public().String()); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(p.keys); n == 0 || n > maxKeys {
		t.Errorf("it remembers %d keys", n)
	}
}

// FuzzHeader throws headers at both ways of reading them.
func FuzzHeader(f *testing.F) {
	for _, e := range examples() {
		f.Add([]byte(headerOf(e.body.Kind(), e.signer)))
	}
	other, err := json.Marshal(header{"EdDSA", "stoa-none+jwt", public(rootName).String()})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(other)
	f.Fuzz(func(t *testing.T, raw []byte) { checkHeaderBothWays(t, raw) })
}
