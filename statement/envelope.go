package statement

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

// algorithm is EdDSA of RFC 8037, which here is always Ed25519.
const algorithm = "EdDSA"

// typPattern is the typ of a statement of any kind, known or not.
var typPattern = regexp.MustCompile(`^stoa-([a-z][a-z0-9-]{0,31})\+jwt$`)

// header is the whole protected header: these three members and no others, crit included.
type header struct {
	Algorithm string `json:"alg"`
	Type      string `json:"typ"`
	KeyID     string `json:"kid"`
}

// envelope is a compact serialization taken apart. Its signature has not been looked at.
type envelope struct {
	kind      Kind
	signer    identity.PublicKey
	payload   []byte
	input     []byte // what is signed: header.payload, as the text has it
	signature []byte
	id        ID
}

// open checks everything about a text but its payload and signature. A statement of another kind than want is refused
// before anything in it is read; the empty kind wants any.
func (p *Parser) open(text string, want Kind) (envelope, error) {
	if len(text) > MaxSize {
		return envelope{}, reason.Reject(reason.StatementSize, "%d bytes", len(text))
	}
	split, ok := compact(text)
	if !ok {
		return envelope{}, reason.Reject(reason.StatementSyntax, "not three parts of base64url")
	}
	var parts [3][]byte
	for i, part := range split {
		raw, err := base64.RawURLEncoding.Strict().DecodeString(part)
		if err != nil {
			return envelope{}, reason.Reject(reason.StatementSyntax, "part %d is not canonical base64url", i+1)
		}
		parts[i] = raw
	}
	input := []byte(text[:strings.LastIndexByte(text, '.')])
	e := envelope{payload: parts[1], input: input, signature: parts[2], id: sha256.Sum256(input)}
	var err error
	e.kind, e.signer, err = p.readHeader(parts[0], want)
	return e, err
}

// compact splits a text into three parts without line breaks, which is all that strict base64url decoding lets pass
// although it is no letter (RFC 4648, section 5): it would give one statement many texts.
func compact(text string) (parts [3]string, ok bool) {
	if strings.Count(text, ".") != 2 || strings.ContainsAny(text, "\r\n") {
		return parts, false
	}
	parts[0], text, _ = strings.Cut(text, ".")
	parts[1], parts[2], _ = strings.Cut(text, ".")
	return parts, parts[0] != "" && parts[1] != "" && parts[2] != ""
}

// readHeader reads a header and says whose it is. One as [Sign] writes it is recognised by its text; the long way reads
// the same from it, and gives the reason of every refusal.
func (p *Parser) readHeader(raw []byte, want Kind) (Kind, identity.PublicKey, error) {
	if kind, kid, ok := plainHeader(string(raw)); ok && (want == "" || kind == want) {
		// The text of a key has no quote or backslash: so this was all that the header has.
		if signer, err := p.key(kid); err == nil {
			return kind, signer, nil
		}
	}
	return p.readAnyHeader(raw, want)
}

// plainHeader takes a header apart that has the three members in their usual order, without a space or an escape.
func plainHeader(raw string) (kind Kind, kid string, ok bool) {
	rest, begins := strings.CutPrefix(raw, `{"alg":"`+algorithm+`","typ":"stoa-`)
	name, rest, goesOn := strings.Cut(rest, `+jwt","kid":"`)
	kid, ends := strings.CutSuffix(rest, `"}`)
	kind = Kind(name)
	return kind, kid, begins && goesOn && ends && newBody(kind) != nil
}

func (p *Parser) readAnyHeader(raw []byte, want Kind) (Kind, identity.PublicKey, error) {
	var h header
	if err := p.decode(raw, &h); err != nil {
		return "", identity.PublicKey{}, reason.Reject(reason.StatementHeader, "%v", err)
	}
	typ := typPattern.FindStringSubmatch(h.Type)
	if h.Algorithm != algorithm || typ == nil {
		return "", identity.PublicKey{}, reason.Reject(reason.StatementHeader, "alg %q, typ %q", h.Algorithm, h.Type)
	}
	kind := Kind(typ[1])
	if newBody(kind) == nil || (want != "" && kind != want) {
		return "", identity.PublicKey{}, reason.Reject(reason.StatementKind, "kind %q", kind)
	}
	signer, err := p.key(h.KeyID)
	if err != nil {
		return "", identity.PublicKey{}, reason.Reject(reason.StatementKey, "kid: %v", err)
	}
	return kind, signer, nil
}

// verify checks the signature of an envelope. That is all there is to do once open has accepted its text, so no JOSE
// library is asked: the tests hold against one that it would say the same.
func (e envelope) verify() error {
	if !e.signer.Verify(e.input, e.signature) {
		return reason.Reject(reason.StatementSignature, "not %s's", e.signer)
	}
	return nil
}
