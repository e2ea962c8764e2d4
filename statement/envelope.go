package statement

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

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
	kind    Kind
	signer  identity.PublicKey
	payload []byte
	id      ID
}

// open checks everything about a text but its payload and signature. A statement of another kind than want is refused
// before anything in it is read; the empty kind wants any.
func open(text string, want Kind) (envelope, error) {
	if len(text) > MaxSize {
		return envelope{}, reason.Reject(reason.StatementSize, "%d bytes", len(text))
	}
	split, ok := compact(text)
	if !ok {
		return envelope{}, reason.Reject(reason.StatementSyntax, "not three parts of base64url")
	}
	var parts [3][]byte
	for i, part := range split {
		raw, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil || base64.RawURLEncoding.EncodeToString(raw) != part {
			return envelope{}, reason.Reject(reason.StatementSyntax, "part %d is not canonical base64url", i+1)
		}
		parts[i] = raw
	}
	e := envelope{payload: parts[1], id: sha256.Sum256([]byte(text[:strings.LastIndexByte(text, '.')]))}
	var err error
	e.kind, e.signer, err = readHeader(parts[0], want)
	return e, err
}

// compact splits a text into three parts of base64url letters. Nothing else may reach the JOSE library, which would drop
// line breaks and padding, and so give one statement many texts.
func compact(text string) (parts [3]string, ok bool) {
	if strings.Count(text, ".") != 2 {
		return parts, false
	}
	for i, part := range strings.Split(text, ".") {
		if part == "" || strings.IndexFunc(part, notLetter) >= 0 {
			return parts, false
		}
		parts[i] = part
	}
	return parts, true
}

// notLetter reports whether a rune is no letter of base64url (RFC 4648, section 5).
func notLetter(r rune) bool {
	return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
}

func readHeader(raw []byte, want Kind) (Kind, identity.PublicKey, error) {
	var h header
	if err := decode(raw, &h); err != nil {
		return "", identity.PublicKey{}, reason.Reject(reason.StatementHeader, "%v", err)
	}
	typ := typPattern.FindStringSubmatch(h.Type)
	if h.Algorithm != string(jose.EdDSA) || typ == nil {
		return "", identity.PublicKey{}, reason.Reject(reason.StatementHeader, "alg %q, typ %q", h.Algorithm, h.Type)
	}
	kind := Kind(typ[1])
	if newBody(kind) == nil || (want != "" && kind != want) {
		return "", identity.PublicKey{}, reason.Reject(reason.StatementKind, "kind %q", kind)
	}
	signer, err := identity.ParseDID(h.KeyID)
	if err != nil {
		return "", identity.PublicKey{}, reason.Reject(reason.StatementKey, "kid: %v", err)
	}
	return kind, signer, nil
}

// verify checks the signature of a text that open has accepted.
func verify(text string, signer identity.PublicKey) error {
	jws, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.EdDSA})
	if err == nil {
		_, err = jws.Verify(verifier{signer})
	}
	if err != nil {
		return reason.Reject(reason.StatementSignature, "%v", err)
	}
	return nil
}

// verifier lets the JOSE library ask identity, which is stricter than RFC 8037 on weak signatures.
type verifier struct{ key identity.PublicKey }

// VerifyPayload implements jose.OpaqueVerifier.
func (v verifier) VerifyPayload(payload, signature []byte, alg jose.SignatureAlgorithm) error {
	if alg != jose.EdDSA || !v.key.Verify(payload, signature) {
		return jose.ErrCryptoFailure
	}
	return nil
}
