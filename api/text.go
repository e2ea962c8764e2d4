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
	MaxReason   = 200
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

// MaxMessage and MaxNote are how long a message of who asks to join and a note on an invite may be, in characters.
const (
	MaxMessage = 300
	MaxNote    = 100
)

// CheckMessage refuses what cannot be a message: up to 300 characters, at most 3,000 bytes. None at all is fine.
func CheckMessage(message string) error {
	if message == "" {
		return nil
	}
	return checkText("message", message, MaxMessage, 3000)
}

// CheckNote refuses what cannot be a note: up to 100 characters, at most 1,000 bytes.
func CheckNote(note string) error { return checkText("note", note, MaxNote, 1000) }

// CheckQuestion refuses what cannot be a question: up to 200 characters, at most 2,000 bytes. None at all is fine.
func CheckQuestion(question string) error {
	if question == "" {
		return nil
	}
	return checkText("question", question, MaxQuestion, 2000)
}

// CheckReason refuses what cannot be the reason of a removal: 1 to 200 characters, at most 1,000 bytes.
func CheckReason(why string) error { return checkText("reason", why, MaxReason, 1000) }

// MaxProgram is how long the name of what opens a session may be, in characters.
const MaxProgram = 60

// CheckProgram refuses what cannot be the name of what opens a session: up to 60 characters, at most 300 bytes. None at
// all is fine.
func CheckProgram(program string) error {
	if program == "" {
		return nil
	}
	return checkText("program", program, MaxProgram, 300)
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
		case isJoiner(r) && !joins(text, i), isTag(r) && !tags(text, i), isStyle(r) && !styles(text, i):
			return fmt.Sprintf("has an invisible character (U+%04X) that does nothing there", r)
		case isRefused(r):
			return fmt.Sprintf("has a character that is not allowed (U+%04X)", r)
		case unicode.In(r, unicode.Mn, unicode.Me):
			if marks++; marks > maxMarks {
				return "has too many marks on one character"
			}
			continue
		}
		marks = 0
		visible = visible || !unicode.IsSpace(r) && !unicode.IsMark(r) && !isJoiner(r) && !isTag(r) && r != blankBraille
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
	textStyle          = '\ufe0e' // variation selectors 15 and 16: an emoji as text, a sign as emoji
	emojiStyle         = '\ufe0f'
	blankBraille       = '\u2800'
	blackFlag          = '\U0001f3f4'
	firstTag           = '\U000e0020'
	cancelTag          = '\U000e007f'
	maxTags            = 7 // a region of six letters and the cancel tag (UTS #51)
)

// isRefused reports characters that no text may hold: controls; bidirectional and other format characters, except those
// that are drawn and those that have rules of their own; separators of lines; what nobody can see; private use;
// noncharacters.
func isRefused(r rune) bool {
	if isJoiner(r) || isTag(r) || unicode.Is(unicode.Prepended_Concatenation_Mark, r) {
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Noncharacter_Code_Point)
}

func isJoiner(r rune) bool { return r == zeroWidthNonJoiner || r == zeroWidthJoiner }

// joins reports whether the joiner at i stands between two characters that it can act on.
func joins(text []rune, i int) bool {
	return i > 0 && i < len(text)-1 && shapes(text[i-1]) && shapes(text[i+1])
}

// shapes reports whether a joiner beside r can change how r is drawn. Beside Latin, Greek and Cyrillic letters and
// digits it cannot: there it would only make two equal-looking texts differ.
func shapes(r rune) bool {
	return r > unicode.MaxASCII && !unicode.IsSpace(r) && !isJoiner(r) &&
		!unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Nd)
}

func isStyle(r rune) bool { return r == textStyle || r == emojiStyle }

// styles reports whether the style at i follows a sign; letters have none.
func styles(text []rune, i int) bool {
	return i > 0 && !unicode.IsLetter(text[i-1]) && !unicode.IsSpace(text[i-1])
}

// isTag reports the invisible letters that spell the region of a flag, as in England's.
func isTag(r rune) bool { return r >= firstTag && r <= cancelTag }

// tags reports whether the tag at i belongs to a flag: a black flag, tags, and the cancel tag at their end.
func tags(text []rune, i int) bool {
	flag, end := i, i
	for flag > 0 && isTag(text[flag]) {
		flag--
	}
	for end < len(text)-1 && isTag(text[end+1]) {
		end++
	}
	return text[flag] == blackFlag && text[end] == cancelTag && end-flag <= maxTags
}
