package node

import (
	"time"

	"golang.org/x/time/rate"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

// What people may show without a word.
const (
	reactionsEvery    = time.Second // least time between two events that tell of reactions
	reactionRate      = 2           // a second, of one person
	reactionBurst     = 6           // at once: one of each
	shownOnStage      = 20          // people on the stage whose reactions one event names
	reactionsAtMost   = 1_000_000   // counted in one event
	reactionLimitsMax = 20_000      // people whose rate is kept; beyond, all begin anew
)

// reactions are those since the last event. Nobody keeps them any longer.
type reactions struct {
	counts map[api.Reaction]int
	stage  []api.StageReaction
	last   time.Time
	limits map[identity.PublicKey]*rate.Limiter // of those who have reacted and are here
}

func (r *reactions) waiting() bool { return len(r.counts) > 0 }

// react counts what somebody shows. It is told at once if nothing was for a second, and else with all that comes until
// then: so a room of any size costs one event a second.
func (h *hosting) react(who identity.PublicKey, what api.Reaction) error {
	if !h.state.Present(who) {
		return reason.Reject(reason.RoomNotHere, "")
	}
	limit := h.reacted.limits[who]
	if limit == nil {
		if len(h.reacted.limits) >= reactionLimitsMax {
			clear(h.reacted.limits)
		}
		limit = rate.NewLimiter(reactionRate, reactionBurst)
		h.reacted.limits[who] = limit
	}
	if !limit.AllowN(h.now(), 1) {
		return reason.Reject(reason.RateLimited, "more than %d reactions a second", reactionRate)
	}
	if h.reacted.counts == nil {
		h.reacted.counts = map[api.Reaction]int{}
	}
	h.reacted.counts[what] = min(h.reacted.counts[what]+1, reactionsAtMost)
	if h.onStage(who) && len(h.reacted.stage) < shownOnStage {
		h.reacted.stage = append(h.reacted.stage, api.StageReaction{Key: who, Reaction: what})
	}
	h.tellReactions()
	return nil
}

// tellReactions tells of the reactions since the last time, if that is long enough ago.
func (h *hosting) tellReactions() {
	now := h.now()
	if !h.reacted.waiting() || now.Before(h.reacted.last.Add(reactionsEvery)) {
		return
	}
	event := api.Reactions{
		Head:  api.Head{Type: api.EventReactions, At: millis(now)},
		Stage: append([]api.StageReaction{}, h.reacted.stage...),
	}
	for _, reaction := range api.AllReactions() {
		if n := h.reacted.counts[reaction]; n > 0 {
			event.Counts = append(event.Counts, api.ReactionCount{Reaction: reaction, Count: n})
		}
	}
	h.reacted.counts, h.reacted.stage, h.reacted.last = nil, nil, now
	h.stream.tell(event)
	h.broadcast(event)
}
