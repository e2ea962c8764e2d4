package statement

import (
	"errors"
	"strings"
	"testing"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

func TestSignRefusesWhatParseRefuses(t *testing.T) {
	root, node := public(rootName), public(nodeName)
	delegate := func(change func(*Delegate)) Body {
		d := *exampleOf(t, KindDelegate).body.(*Delegate)
		change(&d)
		return &d
	}
	profile := func(name string) Body { return &Profile{Community: root, IssuedAt: iat, Name: name} }
	weak := identity.PublicKey(unhex(torsion))
	for _, c := range []struct {
		name string
		body Body
		want reason.Reason
	}{
		{"a good one", delegate(func(*Delegate) {}), ""},
		{"no audience", delegate(func(d *Delegate) { d.Community = identity.PublicKey{} }), reason.StatementKey},
		{"a weak key", delegate(func(d *Delegate) { d.Node = weak }), reason.StatementKey},
		{"no order", delegate(func(d *Delegate) { d.Order = 0 }), reason.StatementPayload},
		{"an order beyond I-JSON", delegate(func(d *Delegate) { d.Order = MaxInt + 1 }), reason.StatementPayload},
		{"an exp that is not after iat", delegate(func(d *Delegate) { d.Expires = d.IssuedAt }), reason.StatementPayload},
		{"a time in milliseconds", delegate(func(d *Delegate) { d.IssuedAt *= 1000 }), reason.StatementPayload},
		{"no name", profile(""), reason.StatementPayload},
		{"a name that is not UTF-8", profile("L\xe9o"), reason.StatementPayload},
		{"a name with a noncharacter", profile("\ufffe"), reason.StatementPayload},
		{"a long name", profile(strings.Repeat("é", 201)), reason.StatementPayload},
		{"a join without redeem", &Join{Community: root, IssuedAt: iat}, ""},
		{"a join with a profile", &Join{Community: root, IssuedAt: iat, Redeem: forge(t, KindProfile).text()}, reason.StatementKind},
		{"too much", &Join{Community: root, IssuedAt: iat, Redeem: strings.Repeat("x", MaxSize)}, reason.StatementSize},
		{"a nil pointer", (*Profile)(nil), reason.StatementPayload},
		{"nil topics", &Create{
			Community: root, IssuedAt: iat, JTI: "0123456789abcdef", Node: node, Title: hash("t"), Language: "fr", Entry: RoomMembers,
		}, ""},
	} {
		s, err := Sign(c.body, key(rootName))
		if got := reason.Of(err); got != c.want {
			t.Errorf("%s: %q, want %q (%v)", c.name, got, c.want, err)
		}
		if s.IsZero() != (err != nil) {
			t.Errorf("%s: statement %q with error %v", c.name, s.Text(), err)
		}
	}
}

// signer is a Signer that need not be honest.
type signer struct {
	public identity.PublicKey
	sign   func([]byte) ([]byte, error)
}

func (s signer) Public() identity.PublicKey          { return s.public }
func (s signer) Sign(message []byte) ([]byte, error) { return s.sign(message) }

func TestSignDistrustsItsSigner(t *testing.T) {
	body := exampleOf(t, KindProfile).body
	away := errors.New("the key is away")
	for _, c := range []struct {
		name   string
		signer signer
		want   func(error) bool
	}{
		{"one that cannot", signer{public(leoName), func([]byte) ([]byte, error) { return nil, away }}, func(err error) bool {
			return errors.Is(err, away)
		}},
		{"one that signs as another key", signer{public(leoName), key(anaName).Sign}, isReason(reason.StatementSignature)},
		{"one that signs nothing", signer{public(leoName), func([]byte) ([]byte, error) { return nil, nil }}, isReason(reason.StatementSyntax)},
		{"one without a key", signer{identity.PublicKey{}, key(anaName).Sign}, isReason(reason.StatementKey)},
	} {
		if s, err := Sign(body, c.signer); !c.want(err) || !s.IsZero() {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func isReason(want reason.Reason) func(error) bool {
	return func(err error) bool { return reason.Of(err) == want }
}

func TestSignCopiesTheBody(t *testing.T) {
	body := new(Create)
	*body = *exampleOf(t, KindCreate).body.(*Create)
	body.Topics = []string{"music"}
	s := mustSign(t, body, leoName)
	body.Topics[0] = "changed"
	body.Language = "de"
	if got := s.Body().(*Create); got.Topics[0] == "changed" || got.Language == "de" {
		t.Error("changing a body after it was signed changes the statement")
	}
}
