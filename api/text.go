package api

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"

	"github.com/stoa-rooms/stoa/reason"
)

// Lengths of texts in grapheme clusters (UAX #29): what a person counts as one character, an emoji family included.
const (
	MaxName     = 40
	MaxTitle    = 100
	MaxQuestion = 200
)

// maxMarks is how many combining marks one character may carry. Written languages need up to five or so; more is made
// to draw over its neighbours.
const maxMarks = 8

// Texts are refused, never altered: what a member signed or committed to is what others see, or nothing is. A client
// that wants to be kind normalises and trims before it signs.
//
// A text is one line of valid UTF-8 in NFC, without white space at its ends. Markup is text like any other: nothing in
// Stoa interprets it. Refused are control characters, everything that changes the direction of the text around it, line
// and paragraph separators, and characters that draw nothing, with which two names could look alike. Joiners stay where
// scripts and emoji need them.

// CheckName refuses what cannot be a person's name: 1 to 40 characters, at most 400 bytes.
func CheckName(name string) error { return checkText("name", name, MaxName, 400) }

// CheckCommunityName refuses what cannot be a community's name: 1 to 40 characters, at most 400 bytes.
func CheckCommunityName(name string) error { return checkText("community name", name, MaxName, 400) }

// CheckTitle refuses what cannot be a room's title: 1 to 100 characters, at most 1,000 bytes.
func CheckTitle(title string) error { return checkText("title", title, MaxTitle, 1000) }

// CheckQuestion refuses what cannot be a question: up to 200 characters, at most 2,000 bytes. None at all is fine.
func CheckQuestion(question string) error {
	if question == "" {
		return nil
	}
	return checkText("question", question, MaxQuestion, 2000)
}

func checkText(what, text string, characters, bytes int) error {
	refuse := func(why string, args ...any) error {
		return reason.Reject(reason.TextInvalid, "the %s %s", what, fmt.Sprintf(why, args...))
	}
	switch {
	case text == "":
		return refuse("is empty")
	case len(text) > bytes:
		return refuse("has %d bytes; %d are allowed", len(text), bytes)
	case !utf8.ValidString(text):
		return refuse("is not valid UTF-8")
	case !norm.NFC.IsNormalString(text):
		return refuse("is not in Unicode normalization form C")
	}
	if n := uniseg.GraphemeClusterCount(text); n > characters {
		return refuse("has %d characters; %d are allowed", n, characters)
	}
	if why := checkRunes([]rune(text)); why != "" {
		return refuse("%s", why)
	}
	return nil
}

// checkRunes says what is wrong with the characters of a text; "" when nothing is.
func checkRunes(text []rune) string {
	visible, marks := false, 0
	for i, r := range text {
		switch {
		case isJoiner(r):
			if !joins(text, i) {
				return fmt.Sprintf("has an invisible character (U+%04X) where nothing is to be joined", r)
			}
		case isTag(r):
			if !tags(text, i) {
				return fmt.Sprintf("has an invisible character (U+%04X) outside a flag", r)
			}
		case isRefused(r):
			return fmt.Sprintf("has a character that is not allowed (U+%04X)", r)
		}
		if unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r) {
			if marks++; marks > maxMarks {
				return "has too many marks on one character"
			}
			continue
		}
		if marks = 0; !unicode.IsSpace(r) && !isJoiner(r) && !isTag(r) && r != blankBraille {
			visible = true
		}
	}
	switch {
	case !visible:
		return "has no visible character"
	case unicode.IsSpace(text[0]) || unicode.IsSpace(text[len(text)-1]):
		return "begins or ends with white space"
	}
	return ""
}

// Characters with a part of their own in the rules.
const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
	emojiStyle         = '\ufe0f' // variation selector 16
	blankBraille       = '\u2800'
	blackFlag          = '\U0001f3f4'
	firstTag           = '\U000e0020'
	cancelTag          = '\U000e007f'
)

func isJoiner(r rune) bool { return r == zeroWidthNonJoiner || r == zeroWidthJoiner }

// isTag reports the invisible letters that spell the region of a flag, as in England's (UTS #51).
func isTag(r rune) bool { return r >= firstTag && r <= cancelTag }

// isRefused reports characters that no text may hold: controls; bidirectional and other format characters, except the
// few that are drawn; separators of lines; what nobody can see; private use; noncharacters.
func isRefused(r rune) bool {
	if unicode.Is(unicode.Prepended_Concatenation_Mark, r) {
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Noncharacter_Code_Point)
}

// joins reports whether the joiner at i stands between two characters that a joiner can act on. Latin, Greek and
// Cyrillic letters and digits are none: there it would only make two equal-looking texts differ.
func joins(text []rune, i int) bool {
	if i == 0 || i == len(text)-1 {
		return false
	}
	return joinable(text[i-1]) && joinable(text[i+1])
}

func joinable(r rune) bool {
	if r <= unicode.MaxASCII {
		return false
	}
	return !unicode.IsSpace(r) && !isJoiner(r) && !unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Nd)
}

// tags reports whether the tag at i belongs to a flag: a black flag, tags, and the cancel tag at their end.
func tags(text []rune, i int) bool {
	from := i
	for from > 0 && isTag(text[from]) {
		from--
	}
	to := i
	for to < len(text)-1 && isTag(text[to+1]) {
		to++
	}
	return text[from] == blackFlag && text[to] == cancelTag && to-from <= 8
}
