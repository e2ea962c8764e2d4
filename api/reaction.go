package api

import (
	"slices"

	"github.com/stoa-rooms/stoa/identity"
)

// Reaction is one of the six things that somebody in a room can show without a word.
type Reaction string

// The reactions, in the order of the keys 1 to 6.
const (
	ReactHeart     Reaction = "heart"
	ReactAgree     Reaction = "agree"
	ReactLaugh     Reaction = "laugh"
	ReactCelebrate Reaction = "celebrate"
	ReactInsight   Reaction = "insight"
	ReactThanks    Reaction = "thanks"
)

// AllReactions are all of them, in their order.
func AllReactions() []Reaction {
	return []Reaction{ReactHeart, ReactAgree, ReactLaugh, ReactCelebrate, ReactInsight, ReactThanks}
}

// Known reports whether a reaction is one of the six.
func (r Reaction) Known() bool { return slices.Contains(AllReactions(), r) }

// ReactionCount is how many people showed a reaction.
type ReactionCount struct {
	Reaction Reaction `json:"reaction" enum:"heart,agree,laugh,celebrate,insight,thanks"`
	Count    int      `json:"count"`
}

// StageReaction is what somebody on the stage showed.
type StageReaction struct {
	Key      identity.PublicKey `json:"key"`
	Reaction Reaction           `json:"reaction" enum:"heart,agree,laugh,celebrate,insight,thanks"`
}
