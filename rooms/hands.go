package rooms

import (
	"slices"
	"strings"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

// MaxAsked is the most bytes that all questions in the queue take together: five hundred of 500. A room is told to other
// nodes in one message, and kept as one record.
const MaxAsked = 256 << 10

// Hand is a raised hand.
type Hand struct {
	Key      identity.PublicKey
	Number   uint32
	Question string
	At       int64 // when it was raised, Unix milliseconds
	Until    int64 // for how long it is held for somebody whose connection was lost; 0 while they are connected
}

// StageOffer is an invitation to the stage that has not been answered.
type StageOffer struct {
	Key     identity.PublicKey
	By      identity.PublicKey
	Expires int64 // Unix milliseconds
}

func (h Hand) key() identity.PublicKey       { return h.Key }
func (o StageOffer) key() identity.PublicKey { return o.Key }

// Hands is the queue, in the order in which the hands were raised.
func (s State) Hands() []Hand { return slices.Clone(s.hands) }

// Offers is the standing offers, in the order in which they were made.
func (s State) Offers() []StageOffer { return slices.Clone(s.offers) }

func (a RaiseHand) apply(t *turn) error {
	if err := t.here(); err != nil {
		return err
	}
	if role, _ := t.Role(t.actor); role != Listener {
		return reason.Reject(reason.RoomRole, "a %s is on the stage", role)
	}
	if indexOf(t.hands, t.actor) >= 0 {
		return nil
	}
	if err := t.mayAsk(a.Question); err != nil {
		return err
	}
	if limit := t.config.Limits.hands(); len(t.hands) >= limit {
		return reason.Reject(reason.RoomQueueFull, "%d hands", limit)
	}
	question := strings.ToValidUTF8(a.Question, "\uFFFD") // or the Record could not hold it
	if asked := t.asked(); asked+len(question) > MaxAsked && question != "" {
		return reason.Reject(reason.RoomQueueFull, "questions of %d bytes", asked)
	}
	number, _ := t.Number(t.actor)
	h := Hand{Key: t.actor, Number: number, Question: question, At: t.at}
	t.hands = with(t.hands, h)
	t.noteRaised()
	t.tell(HandRaised{h})
	return nil
}

// asked is the size of all questions in the queue, in bytes.
func (s State) asked() (size int) {
	for _, h := range s.hands {
		size += len(h.Question)
	}
	return size
}

func (LowerHand) apply(t *turn) error {
	if err := t.here(); err != nil {
		return err
	}
	t.lowerHand(t.actor, identity.PublicKey{})
	return nil
}

func (a DismissHand) apply(t *turn) error {
	if _, err := t.command(a.Who); err != nil {
		return err
	}
	t.lowerHand(a.Who, t.actor)
	return nil
}

func (a Offer) apply(t *turn) error {
	role, err := t.command(a.Who)
	if err != nil {
		return err
	}
	if role != Listener {
		return reason.Reject(reason.RoomState, "a %s is on the stage", role)
	}
	if indexOf(t.offers, a.Who) >= 0 {
		return nil
	}
	if limit := t.config.Limits.stage(); len(t.stage)+len(t.offers) >= limit {
		return reason.Reject(reason.RoomStageFull, "%d places", limit)
	}
	o := StageOffer{Key: a.Who, By: t.actor, Expires: t.at + OfferLife}
	t.offers = with(t.offers, o)
	t.tell(StageOffered{o})
	return nil
}

func (AcceptOffer) apply(t *turn) error {
	if err := t.here(); err != nil {
		return err
	}
	k := t.actor
	if role, _ := t.Role(k); role != Listener {
		return nil
	}
	if indexOf(t.offers, k) < 0 {
		return reason.Reject(reason.RoomOfferExpired, "")
	}
	number, _ := t.Number(k)
	t.endOffer(k, OfferAccepted)
	if i := indexOf(t.hands, k); i >= 0 {
		t.hands = without(t.hands, i)
	}
	p := StagePerson{Key: k, Number: number, Role: Speaker, Muted: true, Connected: true}
	t.stage = with(t.stage, p)
	t.tell(StageJoined{p})
	t.unseat(k)
	return nil
}

func (DeclineOffer) apply(t *turn) error {
	if err := t.here(); err != nil {
		return err
	}
	t.endOffer(t.actor, OfferDeclined)
	return nil
}

// lowerHand takes a hand from the queue, if it is there. Somebody who only had that is then gone, and their offer too.
func (t *turn) lowerHand(k, by identity.PublicKey) {
	i := indexOf(t.hands, k)
	if i < 0 {
		return
	}
	held := t.hands[i].Until != 0
	t.hands = without(t.hands, i)
	t.tell(HandLowered{Key: k, By: by})
	if held {
		t.endOffer(k, OfferWithdrawn)
	}
}

// endOffer ends the offer to k, if there is one.
func (t *turn) endOffer(k identity.PublicKey, why OfferEndedWhy) {
	if i := indexOf(t.offers, k); i >= 0 {
		t.offers = without(t.offers, i)
		t.tell(OfferEnded{Key: k, Why: why})
	}
}
