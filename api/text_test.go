package api_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

const family = "👩‍👩‍👧‍👦" // one character of seven code points and 25 bytes

func TestTextsThatArePeoplesOwn(t *testing.T) {
	for _, name := range []string{
		"Ana", "Léo", "José María", "O’Brien", "李小龍", "さくら 🌸", "Владимир", "Νίκος", "עומר", "محمد", "می\u200cخواهم", "क्\u200dष", "සිංහ", "ก็",
		"Nguyễn Thị Ánh", "T\u0300ọ̀", family, strings.Repeat(family, 10), "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👍🏽", "🇫🇷", "1️⃣", "❤️", "❤️‍🔥", "<b>Ana</b>",
		"'; DROP TABLE members; --", "a", strings.Repeat("a", 40), "Qui parle\u202f?", "x y", "🫠", "\u0600١",
	} {
		if err := api.CheckName(norm.NFC.String(name)); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestTextsThatAreRefused(t *testing.T) {
	for what, name := range map[string]string{
		"nothing":                       "",
		"a space":                       " ",
		"other spaces":                  "\u00a0\u3000\u2003",
		"space in front":                " Ana",
		"space behind":                  "Ana ",
		"wide space behind":             "Ana\u3000",
		"41 letters":                    strings.Repeat("a", 41),
		"over 400 bytes":                strings.Repeat(family, 17),
		"not UTF-8":                     "Ana\xff",
		"a surrogate":                   "Ana\xed\xa0\x80",
		"decomposed":                    "Le\u0301o",
		"a singleton":                   "\u212bngström",
		"a line feed":                   "Ana\nBo",
		"a tab":                         "Ana\tBo",
		"a null":                        "Ana\x00",
		"escape":                        "\x1b[31mAna",
		"delete":                        "Ana\x7f",
		"a C1 control":                  "Ana\u0085",
		"a line separator":              "Ana\u2028Bo",
		"a paragraph separator":         "Ana\u2029Bo",
		"right-to-left override":        "Ana\u202eoB",
		"left-to-right embedding":       "\u202aAna\u202c",
		"isolates":                      "\u2066Ana\u2069",
		"a left-to-right mark":          "Ana\u200e",
		"an Arabic letter mark":         "Ana\u061c",
		"zero width space":              "A\u200bna",
		"only zero width space":         "\u200b\u200b",
		"byte order mark":               "\ufeffAna",
		"word joiner":                   "A\u2060na",
		"soft hyphen":                   "A\u00adna",
		"invisible times":               "A\u2062na",
		"a joiner between Latin":        "A\u200dna",
		"a non-joiner between Latin":    "A\u200cna",
		"a joiner at the end":           "می\u200d",
		"a joiner in front":             "\u200dمی",
		"two joiners":                   "می\u200c\u200cخو",
		"only a joiner":                 "\u200d",
		"a joiner between Cyrillic":     "В\u200dл",
		"Hangul filler":                 "\u3164",
		"Hangul filler inside":          "A\u3164na",
		"half-width filler":             "\uffa0",
		"blank braille":                 "\u2800\u2800",
		"a variation selector alone":    "\ufe0f",
		"a variation selector on Latin": "A\ufe0fna",
		"combining grapheme joiner":     "A\u034fna",
		"a mark alone":                  "\u0301",
		"a spacing mark alone":          "\u0903",
		"tags without a flag":           "Ana\U000e0061\U000e007f",
		"tags without an end":           "🏴\U000e0067\U000e0062",
		"a long tag":                    "🏴" + strings.Repeat("\U000e0067", 20) + "\U000e007f",
		"private use":                   "\uf8ff",
		"a noncharacter":                "Ana\ufffe",
		"many marks":                    "A" + strings.Repeat("\u0334", 9),
	} {
		err := api.CheckName(name)
		if !errors.Is(err, reason.Reject(reason.TextInvalid, "")) {
			t.Errorf("%s: %q: %v", what, name, err)
		}
	}
}

func TestLengthsCountCharacters(t *testing.T) {
	for _, c := range []struct {
		what  string
		check func(string) error
		most  int
	}{
		{"name", api.CheckName, 40}, {"community name", api.CheckCommunityName, 40}, {"title", api.CheckTitle, 100}, {"question", api.CheckQuestion, 200},
	} {
		for _, letter := range []string{"a", "é", "字"} {
			if err := c.check(strings.Repeat(letter, c.most)); err != nil {
				t.Errorf("%s of %d %s: %v", c.what, c.most, letter, err)
			}
			err := c.check(strings.Repeat(letter, c.most+1))
			if reason.Of(err) != reason.TextInvalid || !strings.Contains(err.Error(), c.what) {
				t.Errorf("%s of %d %s: %v", c.what, c.most+1, letter, err)
			}
		}
		if err := c.check(strings.Repeat("a", 10_000)); reason.Of(err) != reason.TextInvalid {
			t.Errorf("%s of 10,000: %v", c.what, err)
		}
	}
	if err := api.CheckQuestion(""); err != nil {
		t.Errorf("no question: %v", err)
	}
	if err := api.CheckTitle(""); reason.Of(err) != reason.TextInvalid {
		t.Errorf("no title: %v", err)
	}
}

func TestActionsSayWhomTheyMean(t *testing.T) {
	who := identity.Generate().Public()
	alone := []api.ActionType{
		api.ActRaiseHand, api.ActLowerHand, api.ActAcceptOffer, api.ActDeclineOffer, api.ActStepDown, api.ActMuteSelf, api.ActUnmute,
		api.ActLeave, api.ActEnd, api.ActMuteAll, api.ActSlowMode,
	}
	aimed := []api.ActionType{
		api.ActOffer, api.ActDismissHand, api.ActMute, api.ActMove, api.ActAppoint, api.ActWithdraw, api.ActAskToUnmute, api.ActLift,
	}
	for _, a := range alone {
		wantAction(t, api.Action{Type: a}, "")
		wantAction(t, api.Action{Type: a, Target: &who}, reason.RequestInvalid)
	}
	for _, a := range aimed {
		wantAction(t, api.Action{Type: a, Target: &who}, "")
		wantAction(t, api.Action{Type: a}, reason.RequestInvalid)
		wantAction(t, api.Action{Type: a, Target: &who, Question: "why?"}, reason.RequestInvalid)
	}
	wantAction(t, api.Action{}, reason.RequestInvalid)
	wantAction(t, api.Action{Type: "dance"}, reason.RequestInvalid)
	wantAction(t, api.Action{Type: api.ActRaiseHand, Question: "Why?"}, "")
	wantAction(t, api.Action{Type: api.ActRaiseHand, Question: "a\nb"}, reason.TextInvalid)
	wantAction(t, api.Action{Type: api.ActLeave, Question: "why?"}, reason.RequestInvalid)
	wantAction(t, api.Action{Type: api.ActLeave, Act: strings.Repeat("a", statement.MaxSize)}, "")
	wantAction(t, api.Action{Type: api.ActLeave, Act: strings.Repeat("a", statement.MaxSize+1)}, reason.StatementSize)
}

func TestModeratorsCommandsHaveTheirParts(t *testing.T) {
	who, why := identity.Generate().Public(), api.Text{Text: "spam"}
	for _, a := range []api.Action{
		{Type: api.ActRemove, Target: &who, Reason: &why},
		{Type: api.ActRemove, Target: &who, Reason: &why, Duration: api.MinRemoval},
		{Type: api.ActRemove, Target: &who, Reason: &why, Duration: api.MaxRemoval},
		{Type: api.ActLockStage, Switch: "on"},
		{Type: api.ActAskMode, Switch: "off"},
		{Type: api.ActSlowMode, Duration: api.MinSlow},
		{Type: api.ActSlowMode, Duration: api.MaxSlow},
	} {
		wantAction(t, a, "")
	}
	for _, a := range []api.Action{
		{Type: api.ActRemove, Reason: &why},
		{Type: api.ActRemove, Target: &who, Reason: &why, Duration: api.MinRemoval - 1},
		{Type: api.ActRemove, Target: &who, Reason: &why, Duration: api.MaxRemoval + 1},
		{Type: api.ActRemove, Target: &who, Reason: &why, Switch: "on"},
		{Type: api.ActMute, Target: &who, Reason: &why},
		{Type: api.ActMute, Target: &who, Duration: 60},
		{Type: api.ActLockStage},
		{Type: api.ActLockStage, Switch: "half"},
		{Type: api.ActLeave, Switch: "on"},
		{Type: api.ActSlowMode, Duration: api.MinSlow - 1},
		{Type: api.ActSlowMode, Duration: api.MaxSlow + 1},
		{Type: api.ActSlowMode, Duration: -5},
	} {
		wantAction(t, a, reason.RequestInvalid)
	}
	wantAction(t, api.Action{Type: api.ActRemove, Target: &who}, reason.TextInvalid)
	for _, text := range []string{"", " ", "a\nb", strings.Repeat("a", 201), "\u202e"} {
		wantAction(t, api.Action{Type: api.ActRemove, Target: &who, Reason: &api.Text{Text: text}}, reason.TextInvalid)
	}
}

func wantAction(t *testing.T, a api.Action, want reason.Reason) {
	t.Helper()
	if got := reason.Of(a.Check()); got != want {
		t.Errorf("%+v: %q, want %q", a, got, want)
	}
}

// Whatever is taken for a name can be shown on one line beside another, and has something to show.
func FuzzCheckName(f *testing.F) {
	for _, s := range []string{"Ana", family, "\u202e", "می\u200cخواهم", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "A\ufe0f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		err := api.CheckName(s)
		if err != nil {
			if reason.Of(err) != reason.TextInvalid {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		if !utf8.ValidString(s) || len(s) > 400 || !norm.NFC.IsNormalString(s) || strings.TrimSpace(s) != s || s == "" {
			t.Fatalf("%q was taken", s)
		}
		if n := uniseg.GraphemeClusterCount(s); n < 1 || n > 40 {
			t.Fatalf("%q has %d characters", s, n)
		}
		shown := false
		for _, r := range s {
			if unicode.In(r, unicode.Cc, unicode.Bidi_Control, unicode.Zl, unicode.Zp) {
				t.Fatalf("%q has U+%04X", s, r)
			}
			drawn := !unicode.In(r, unicode.M, unicode.Cf) || unicode.Is(unicode.Prepended_Concatenation_Mark, r)
			shown = shown || drawn && !unicode.IsSpace(r)
		}
		if !shown {
			t.Fatalf("%q shows nothing", s)
		}
	})
}
