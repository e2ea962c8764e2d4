package statement

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stoa-rooms/stoa/reason"
)

func TestParseKind(t *testing.T) {
	join := mustSign(t, exampleOf(t, KindJoin).body, leoName)
	s, err := ParseKind[*Join](join.Text())
	if err != nil {
		t.Fatal(err)
	}
	redeem := s.Body().(*Join).Redeemed()
	if redeem.Kind() != KindRedeem || redeem.Signer() != public(oneTimeName) {
		t.Errorf("the join carries a %s by %s", redeem.Kind(), redeem.Signer())
	}
	if got := redeem.Body().(*Redeem).Member; got != public(leoName) {
		t.Errorf("the redeem is for %s", got)
	}
	if s, err := ParseKind[*Redeem](join.Text()); reason.Of(err) != reason.StatementKind || !s.IsZero() {
		t.Errorf("a join read as a redeem: %v", err)
	}
}

// A parsed body has every field of the one that was signed, and not one more.
func TestParseReadsWhatWasSigned(t *testing.T) {
	for _, e := range examples() {
		s := mustSign(t, e.body, e.signer)
		if diff := cmp.Diff(e.body, s.Body(), cmpopts.IgnoreUnexported(Join{})); diff != "" {
			t.Errorf("%s: %s", s.Kind(), diff)
		}
		if s.IsZero() || s.Signer() != public(e.signer) {
			t.Errorf("%s: signed by %s", s.Kind(), s.Signer())
		}
	}
}

// The same payload under another key, and another payload under the same key, are other statements; another signature
// is not.
func TestID(t *testing.T) {
	f := forge(t, KindProfile)
	ids := map[ID]bool{}
	for _, g := range []forgery{
		f,
		f.withPayload(f.payload + " "),
		f.withHeader(f.header + " "),
		f.with(t, "name", `"x"`),
		{headerOf(KindProfile, anaName), f.payload, anaName},
	} {
		s, err := Parse(g.text())
		if err != nil {
			t.Fatal(err)
		}
		if ids[s.ID()] {
			t.Error("two statements have one id")
		}
		ids[s.ID()] = true
	}
	again := signWith(f.signer, nil, nil, scalar([]byte("another nonce")), []byte(f.input()))
	s, err := Parse(f.input() + "." + part(string(again)))
	if err != nil {
		t.Fatal(err)
	}
	if !ids[s.ID()] || s.Text() == f.text() {
		t.Error("another signature under the same text gives another id")
	}
}

func TestCheckAudience(t *testing.T) {
	end := mustSign(t, exampleOf(t, KindEnd).body, nodeName)
	room := end.Body().(*End).Room
	if err := end.CheckAudience(room); err != nil {
		t.Error(err)
	}
	if err := end.CheckAudience(public(rootName)); reason.Of(err) != reason.StatementAudience {
		t.Errorf("an end for a room as one for a community: %v", err)
	}
	session := mustSign(t, exampleOf(t, KindSession).body, leoName)
	if session.CheckAudience(public(nodeName)) != nil || session.CheckAudience(public(rootName)) == nil {
		t.Error("a session is not for its node alone")
	}
}

func TestZeroStatement(t *testing.T) {
	var s Statement
	if !s.IsZero() || s.Kind() != "" || s.Audience() != "" || s.Text() != "" || !s.ID().IsZero() || s.Body() != nil {
		t.Errorf("the zero statement is %+v", s)
	}
	if err := s.CheckAudience(public(rootName)); reason.Of(err) != reason.StatementAudience {
		t.Errorf("the zero statement is for somebody: %v", err)
	}
}

func TestHashText(t *testing.T) {
	want := ID(hash("x"))
	if got, err := ParseID(want.String()); err != nil || got != want || got.IsZero() {
		t.Errorf("%v, %v", got, err)
	}
	good := want.String()
	for _, bad := range []string{"", good[1:], good + "A", good + "=", good[:42] + "\n", " " + good[1:], good[:42] + "B", good[:42] + "+"} {
		if got, err := ParseID(bad); err == nil || !got.IsZero() {
			t.Errorf("id %q is read as %v", bad, got)
		}
		c := Commitment(want)
		if err := c.UnmarshalText([]byte(bad)); err == nil || c != Commitment(want) {
			t.Errorf("commitment %q gives %v and leaves %v", bad, err, c)
		}
	}
}

func TestText(t *testing.T) {
	a, b := NewText("Stoa"), NewText("Stoa")
	if a.Salt == b.Salt || a.Commitment() == b.Commitment() {
		t.Error("two texts have one salt")
	}
	salt, err := a.Salt.MarshalText()
	if err != nil || len(salt) != 22 {
		t.Fatalf("%s, %v", salt, err)
	}
	back := Text{Text: "Stoa"}
	if err := back.Salt.UnmarshalText(salt); err != nil || back.Commitment() != a.Commitment() {
		t.Errorf("%v: the salt does not survive", err)
	}
	for _, bad := range []string{"", string(salt[1:]), string(salt) + "A", string(salt) + "==", string(salt[:21]) + "\n"} {
		if err := back.Salt.UnmarshalText([]byte(bad)); err == nil || back.Salt != a.Salt {
			t.Errorf("salt %q gives %v", bad, err)
		}
	}
}

// A detail goes to logs: it must not let a stranger write lines of their own.
func TestDetailsAreOneShortLine(t *testing.T) {
	for _, v := range invalidVectors(t) {
		if _, err := new(Parser).parse(v.Text, v.Kind); err != nil && (strings.ContainsAny(err.Error(), "\n\r") || len(err.Error()) > 500) {
			t.Errorf("%s: detail %q", v.Name, err)
		}
	}
}
