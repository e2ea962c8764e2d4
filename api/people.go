package api

import (
	"unicode"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// Paths of people: what one says of oneself, what one finds of others, and what the node keeps for one member alone.
const (
	PathPeople     = "/people"            // GET ?q&offset&limit -> People
	PathPerson     = "/people/{key}"      // GET ?from -> Profile
	PathPicture    = "/pictures/{digest}" // GET image, without a session
	PathMyProfile  = "/me/profile"        // POST ChangeProfile -> Member
	PathMyPicture  = "/me/picture"        // POST image -> Picture, 201
	PathMySettings = "/me/settings"       // GET Settings; POST Settings -> Settings
	PathMyPeople   = "/me/people"         // GET Relations
	PathMyPerson   = "/me/people/{key}"   // POST Relation -> Relation
)

// Profile is a person, as they say themselves and as their community's logs prove.
type Profile struct {
	Member
	Bio       string             `json:"bio"`
	Links     []string           `json:"links" nullable:"false"`
	Topics    []string           `json:"topics" nullable:"false"`
	Languages []string           `json:"languages" nullable:"false"`
	Community Community          `json:"community"`
	Home      identity.PublicKey `json:"home" doc:"The node that answers for this profile: one of the person's community."`
	Founder   bool               `json:"founder"`
	Chain     []Member           `json:"chain" nullable:"false" doc:"The people who answer for one another, from this person to the founder."`
	Joined    int64              `json:"joined" doc:"Unix milliseconds."`
	Rooms     []Room             `json:"rooms" nullable:"false" doc:"Live rooms that they opened or speak in, as far as this node knows."`
	Upcoming  []Scheduled        `json:"upcoming" nullable:"false" doc:"The next rooms that they planned, as far as this node knows; at most 10."`
	Statement string             `json:"statement" doc:"The profile statement, signed by the person."`
}

// People is a page of the members of the community.
type People struct {
	Count  int      `json:"count" doc:"How many there are in all."`
	People []Member `json:"people" nullable:"false"`
}

// ChangeProfile replaces one's profile. Its picture, if it names one, was sent before.
type ChangeProfile struct {
	Profile string `json:"profile" doc:"A profile statement, newer than the present one."`
}

// Picture is a picture that the node keeps.
type Picture struct {
	Digest statement.Commitment `json:"digest" doc:"The SHA-256 of its bytes: what a profile names it by."`
}

// Settings are what a member wants of their node, on all of their devices. Nobody else sees them.
type Settings struct {
	Topics    []string `json:"topics" nullable:"false" maxItems:"32" doc:"Topics that they want to hear of."`
	Languages []string `json:"languages" nullable:"false" maxItems:"16" doc:"Languages that they understand; none: any."`
}

// Bounds of what a member keeps.
const (
	MaxInterests    = 32     // topics
	MaxUnderstood   = 16     // languages
	MaxRelations    = 10_000 // people with whom something is
	FullVolume      = 100
	maxSearch       = 100 // bytes
	MaxPictureBytes = 64 << 10
	MaxPictureSide  = 256 // pixels
)

// Relation is what one member has with another person. Nobody else sees it, the other person included. One in which
// nothing is set is none.
type Relation struct {
	Follow  bool                `json:"follow" doc:"Wants to hear of rooms that they open or speak in."`
	Block   bool                `json:"block" doc:"Does not want to hear or see them."`
	Mute    bool                `json:"mute" doc:"Does not want to hear them."`
	Volume  int                 `json:"volume" minimum:"0" maximum:"100" doc:"How loud they are played, in percent."`
	Home    *identity.PublicKey `json:"home,omitempty" doc:"For somebody of another community: a node that knows them."`
	Changed int64               `json:"changed,omitzero" doc:"Unix milliseconds. Set by the node."`
}

// Ordinary is the relation with everybody with whom nothing is.
func Ordinary() Relation { return Relation{Volume: FullVolume} }

// IsOrdinary reports whether nothing is set.
func (r Relation) IsOrdinary() bool {
	return !r.Follow && !r.Block && !r.Mute && r.Volume == FullVolume
}

// PersonRelation is a relation with the person it is with.
type PersonRelation struct {
	Person   Member   `json:"person" doc:"The name is empty where the node does not know it now."`
	Relation Relation `json:"relation"`
}

// Relations are all that a member has with others.
type Relations struct {
	People []PersonRelation `json:"people" nullable:"false"`
}

// Check refuses a volume that is none.
func (r Relation) Check() error {
	if r.Volume < 0 || r.Volume > FullVolume {
		return reason.Reject(reason.RequestInvalid, "a volume of %d", r.Volume)
	}
	return nil
}

// Check refuses topics and languages that are none, or too many.
func (s Settings) Check() error {
	if err := checkList("topics", s.Topics, MaxInterests, statement.IsTopic); err != nil {
		return err
	}
	return checkList("languages", s.Languages, MaxUnderstood, statement.IsLanguage)
}

func checkList(what string, list []string, most int, is func(string) bool) error {
	if len(list) > most {
		return reason.Reject(reason.RequestInvalid, "%d %s; %d are allowed", len(list), what, most)
	}
	seen := map[string]bool{}
	for _, item := range list {
		if !is(item) || seen[item] {
			return reason.Reject(reason.RequestInvalid, "%q among the %s", item, what)
		}
		seen[item] = true
	}
	return nil
}

// MaxBio is the length of a bio in characters.
const MaxBio = 300

// CheckBio refuses what cannot be a bio: one paragraph of up to 300 characters, at most 1,000 bytes. None at all is fine.
func CheckBio(bio string) error {
	if bio == "" {
		return nil
	}
	return checkText("bio", bio, MaxBio, statement.MaxBio)
}

// CheckProfile refuses a profile with texts that nobody should be shown. Its other claims are bounded by its kind.
func CheckProfile(p *statement.Profile) error {
	if err := CheckName(p.Name); err != nil {
		return err
	}
	return CheckBio(p.Bio)
}

// CheckSearch refuses what cannot be searched for.
func CheckSearch(query string) error {
	if len(query) > maxSearch || len(query) > 0 && containsControl(query) {
		return reason.Reject(reason.RequestInvalid, "a search of %d bytes", len(query))
	}
	return nil
}

func containsControl(text string) bool {
	for _, r := range text {
		if unicode.IsControl(r) {
			return true
		}
	}
	return false
}
