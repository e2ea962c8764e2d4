package reason_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stoa-rooms/stoa/reason"
)

// declared reads every constant of type Reason from the source, so that none can be left out of a list.
func declared(t *testing.T) []reason.Reason {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "reason.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var reasons []reason.Reason
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, spec := range group.Specs {
			value, ok := spec.(*ast.ValueSpec)
			if !ok {
				continue
			}
			if name, ok := value.Type.(*ast.Ident); !ok || name.Name != "Reason" {
				t.Fatalf("constant %s is not written as NAME Reason = \"…\"", value.Names[0])
			}
			for _, v := range value.Values {
				text, err := strconv.Unquote(v.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				reasons = append(reasons, reason.Reason(text))
			}
		}
	}
	if len(reasons) < 60 {
		t.Fatalf("found only %d reasons in reason.go", len(reasons))
	}
	return reasons
}

type row struct {
	Status int    `json:"status"`
	EN     string `json:"en"`
	FR     string `json:"fr"`
}

func sentences(t *testing.T) map[reason.Reason]row {
	t.Helper()
	raw, err := os.ReadFile("sentences.json")
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.DisallowUnknownFields()
	var rows map[reason.Reason]row
	if err := d.Decode(&rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestEveryReasonHasItsSentences(t *testing.T) {
	rows := sentences(t)
	reasons := declared(t)
	if len(slices.Compact(slices.Sorted(slices.Values(reasons)))) != len(reasons) {
		t.Error("two constants have one code")
	}
	for _, r := range reasons {
		row, ok := rows[r]
		if !ok {
			t.Errorf("%s has no row", r)
			continue
		}
		if row.Status < 400 || row.Status > 599 || r.Status() != row.Status {
			t.Errorf("%s: status %d in the file, %d by Status", r, row.Status, r.Status())
		}
		if r.Sentence("en") != row.EN || r.Sentence("fr") != row.FR || r.Sentence("de") != row.EN {
			t.Errorf("%s: Sentence does not give the file's sentences", r)
		}
		for lang, s := range map[string]string{"en": row.EN, "fr": row.FR} {
			if err := oneSentence(s); err != nil {
				t.Errorf("%s in %s: %v: %q", r, lang, err, s)
			}
		}
		if row.EN == row.FR {
			t.Errorf("%s is not translated", r)
		}
		if strings.ContainsAny(row.FR, "'") || strings.Contains(row.FR, " :") || strings.Contains(row.FR, " ;") {
			t.Errorf("%s: French wants ’ and a no-break space before a colon: %q", r, row.FR)
		}
	}
	for r := range maps.Keys(rows) {
		if !slices.Contains(reasons, r) {
			t.Errorf("row %s belongs to no constant", r)
		}
	}
}

// oneSentence holds sentences to what a person on a phone can read: short, whole, without codes or markup.
func oneSentence(s string) error {
	switch {
	case utf8.RuneCountInString(s) < 30 || utf8.RuneCountInString(s) > 160:
		return fmt.Errorf("%d characters", utf8.RuneCountInString(s))
	case !strings.HasSuffix(s, ".") || strings.Count(s, ".") != 1:
		return errors.New("not one sentence")
	case strings.ContainsAny(s, "_<>{}%\n\t\"") || strings.TrimSpace(s) != s:
		return errors.New("characters that do not belong")
	}
	for _, jargon := range []string{"statement", "payload", "JWS", "SDP", "token", "nonce", "HTTP", "JSON", "claim"} {
		if strings.Contains(s, jargon) {
			return fmt.Errorf("jargon: %s", jargon)
		}
	}
	return nil
}

func TestUnknownReason(t *testing.T) {
	r := reason.Reason("no-such-reason")
	if r.Status() != 500 || r.Sentence("en") != reason.Internal.Sentence("en") {
		t.Errorf("an unknown reason is %d %q, not that of internal", r.Status(), r.Sentence("en"))
	}
}

func TestOf(t *testing.T) {
	reject := reason.Reject(reason.InviteUsed, "invite %d", 7)
	for _, c := range []struct {
		name string
		err  error
		want reason.Reason
	}{
		{"nil", nil, ""},
		{"a refusal", reject, reason.InviteUsed},
		{"a wrapped refusal", fmt.Errorf("join: %w", reject), reason.InviteUsed},
		{"a joined refusal", errors.Join(os.ErrNotExist, reject), reason.InviteUsed},
		{"anything else", os.ErrNotExist, reason.Internal},
	} {
		if got := reason.Of(c.err); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if got := reject.Error(); got != "invite-used: invite 7" {
		t.Errorf("text %q", got)
	}
	if got := reason.Reject(reason.InviteUsed, "").Error(); got != "invite-used" {
		t.Errorf("text without detail %q", got)
	}
}

func TestIsComparesReasonsOnly(t *testing.T) {
	err := fmt.Errorf("join: %w", reason.Reject(reason.InviteUsed, "one"))
	if !errors.Is(err, reason.Reject(reason.InviteUsed, "another")) {
		t.Error("the same reason with another detail is not the same")
	}
	if errors.Is(err, reason.Reject(reason.InviteExpired, "one")) {
		t.Error("another reason is the same")
	}
}
