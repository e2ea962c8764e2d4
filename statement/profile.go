package statement

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/stoa-rooms/stoa/identity"
)

// Profile is what a member says of themselves. Signed by the member, replaced by a later one, never logged. All but the
// name is optional, and all of it together fits into MaxSize.
type Profile struct {
	Community identity.PublicKey `json:"aud"`
	IssuedAt  int64              `json:"iat"`
	Name      string             `json:"name"`             // what a name may look like is the API's business; here 1 to 400 bytes
	Bio       string             `json:"bio,omitzero"`     // one paragraph
	Links     []string           `json:"links,omitzero"`   // https only
	Topics    []string           `json:"topics,omitzero"`  // what they like to talk about
	Languages []string           `json:"langs,omitzero"`   // what they speak
	Picture   Commitment         `json:"picture,omitzero"` // the SHA-256 of an image, without a salt: it is kept beside
}

// Bounds of a profile.
const (
	MaxBio              = 1000 // bytes
	MaxLinks            = 4
	MaxLink             = 160 // bytes
	MaxProfileTopics    = 8
	MaxProfileLanguages = 6
)

// linkPattern is an address that is safe to show and to open: https, a host, and visible ASCII alone. What lies beyond
// ASCII is percent-encoded, or punycode.
var linkPattern = regexp.MustCompile(`^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?#][!-~]*)?$`)

// Kind implements Body.
func (*Profile) Kind() Kind { return KindProfile }

func (p *Profile) audience() string { return p.Community.String() }

func (p *Profile) check() error {
	return all(
		since(p.IssuedAt),
		length("name", p.Name, 1, 400),
		length("bio", p.Bio, 0, MaxBio),
		distinct("links", p.Links, MaxLinks, func(l string) bool { return len(l) <= MaxLink && linkPattern.MatchString(l) }),
		distinct("topics", p.Topics, MaxProfileTopics, topicPattern.MatchString),
		distinct("langs", p.Languages, MaxProfileLanguages, languagePattern.MatchString),
	)
}

// IsTopic reports whether a text names a topic: a-z, 0-9 and hyphens, at most 32.
func IsTopic(text string) bool { return topicPattern.MatchString(text) }

// IsLanguage reports whether a text is a language as statements name it: "fr", "pt-BR".
func IsLanguage(text string) bool { return languagePattern.MatchString(text) }

// distinct checks a list of a few texts, each of which holds to a rule and comes once.
func distinct(claim string, list []string, most int, holds func(string) bool) error {
	if len(list) > most {
		return wrong(claim, "too many")
	}
	for i, item := range list {
		if !holds(item) {
			return wrong(claim, fmt.Sprintf("%q is not allowed", item))
		}
		if slices.Contains(list[:i], item) {
			return wrong(claim, "one twice")
		}
	}
	return nil
}
