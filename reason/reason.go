// Package reason holds the one closed list of refusals.
//
// Whatever Stoa refuses, it refuses with a [Reason]. The same value is read by the core that decides, by the HTTP
// problem document, by the WebSocket, by the page that explains it and by the command line. The sentence that tells a
// person what happened and what to do stands in sentences.json, in English and in French, and nowhere else.
package reason

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
)

// Reason is the stable code of one refusal. It is safe to show, to log and to switch on; it never changes its meaning.
type Reason string

// What a statement can be refused for.
const (
	StatementSyntax    Reason = "statement-syntax"    // not three parts of canonical base64url
	StatementSize      Reason = "statement-size"      // more than 4 KiB
	StatementHeader    Reason = "statement-header"    // anything but exactly alg, typ and kid
	StatementKind      Reason = "statement-kind"      // a kind this version does not know, or not the one asked for
	StatementKey       Reason = "statement-key"       // a malformed, non-canonical or small-order key
	StatementPayload   Reason = "statement-payload"   // not I-JSON, or not the claims of its kind
	StatementSignature Reason = "statement-signature" // does not verify, S >= L included
	StatementAudience  Reason = "statement-audience"  // meant for another community, node, room or origin
	StatementTime      Reason = "statement-time"      // dated more than two minutes ahead
	StatementExpired   Reason = "statement-expired"   // its exp has passed
	StatementAuthority Reason = "statement-authority" // its signer may not say this
	StatementDuplicate Reason = "statement-duplicate" // already in the log
)

// What an invite, and so a way in, can be refused for.
const (
	InviteUnknown   Reason = "invite-unknown"
	InviteExpired   Reason = "invite-expired"
	InviteRevoked   Reason = "invite-revoked"
	InviteUsed      Reason = "invite-used"
	InviteForged    Reason = "invite-forged"    // the redeem is not signed by the invite's one-time key
	InviteRebound   Reason = "invite-rebound"   // the redeem names another member than the one who joins
	InviteCommunity Reason = "invite-community" // the invite belongs to another community
	InviteNone      Reason = "invite-none"      // no slot is left to invite with
	MemberAlready   Reason = "member-already"
	MemberUnknown   Reason = "member-unknown" // not a member here
	LogFork         Reason = "log-fork"
)

// What joining without an invite, and an answer to it, can be refused for.
const (
	EntryClosed Reason = "entry-closed" // the rules let nobody in by this way
	EntryAsk    Reason = "entry-ask"    // nobody is let in without an approval
	AskUnknown  Reason = "ask-unknown"  // answered, expired, or asked at another node
	AskDeclined Reason = "ask-declined"
	AsksFull    Reason = "asks-full"
	RulesStale  Reason = "rules-stale" // other rules came first
)

// What founding can be refused for.
const (
	OwnerLinkStale  Reason = "owner-link-stale" // wrong, used, older than an hour, or of an earlier start
	FoundedAlready  Reason = "founded-already"
	FoundedNot      Reason = "founded-not"       // the node has no community yet
	FounderNotAlone Reason = "founder-not-alone" // unclaim is only for a founder without members
	FounderOnly     Reason = "founder-only"      // how the node is run is for its founder alone
	NodeUnknown     Reason = "node-unknown"      // not a node of the community, or not any more
	NodeSelf        Reason = "node-self"         // a node does not withdraw itself
	NodeAhead       Reason = "node-ahead"        // the node has said more than what the withdrawal lets stand
)

// What leaving for good, and a node from a backup, can be refused for.
const (
	MemberErased Reason = "member-erased" // the member erased themselves
	FounderStays Reason = "founder-stays" // the community hangs on the founder's key
	NodeRestored Reason = "node-restored" // restored from a backup, and not approved by the founder yet
)

// What a session or a request can be refused for.
const (
	SessionRequired  Reason = "session-required"
	SessionEnded     Reason = "session-ended"     // the member ended it from another of their sessions
	SessionUnknown   Reason = "session-unknown"   // not one of the member's open sessions
	SessionChallenge Reason = "session-challenge" // unknown, used or expired nonce
	RequestInvalid   Reason = "request-invalid"
	RequestTooLarge  Reason = "request-too-large"
	RequestMedia     Reason = "request-media-type"
	RateLimited      Reason = "rate-limited"
	PushEndpoint     Reason = "push-endpoint" // no address of a push service
	PushOff          Reason = "push-off"      // the operator does not want this node to send any
	QuietHours       Reason = "quiet-hours"   // no two times of day
	HostDenied       Reason = "host-denied"
	OriginDenied     Reason = "origin-denied"
	NotFound         Reason = "not-found"
	MethodDenied     Reason = "method-not-allowed"
	Internal         Reason = "internal"
	ShuttingDown     Reason = "shutting-down"
	StorageFailed    Reason = "storage-failed"
	TextInvalid      Reason = "text-invalid"  // a name, title or question: empty, too long, or control or bidi characters
	TextMismatch     Reason = "text-mismatch" // the text beside a statement is not the one it commits to
)

// What people say of themselves, and keep about others, can be refused for.
const (
	PictureInvalid Reason = "picture-invalid" // no square PNG, JPEG or WebP image of at most 256 pixels a side
	PictureUnknown Reason = "picture-unknown" // no picture of that digest is here
	ProfileStale   Reason = "profile-stale"   // not newer than the profile that is stored
	PersonUnknown  Reason = "person-unknown"
	PersonSelf     Reason = "person-self"    // nobody follows or blocks themselves
	RelationsFull  Reason = "relations-full" // 10,000 people
)

// What an action in a room can be refused for.
const (
	RoomUnknown      Reason = "room-unknown"
	RoomEnded        Reason = "room-ended"
	RoomFull         Reason = "room-full"
	RoomRemoved      Reason = "room-removed"     // the actor was removed from this room
	RoomNotHere      Reason = "room-not-here"    // the actor is not in the room
	RoomPersonGone   Reason = "room-person-gone" // the person acted on is not in the room
	RoomRole         Reason = "room-role"        // the actor's role does not allow the action
	RoomRank         Reason = "room-rank"        // the target's role forbids it (a moderator; oneself; the last moderator)
	RoomState        Reason = "room-state"       // the person is not in the state the action starts from
	RoomQueueFull    Reason = "room-queue-full"
	RoomStageFull    Reason = "room-stage-full"
	RoomOfferExpired Reason = "room-offer-expired"
	RoomLocked       Reason = "room-locked"   // the stage is locked: no hand is raised
	RoomQuestion     Reason = "room-question" // here a hand comes with a question
	RoomSlow         Reason = "room-slow"     // slow mode: this person raised a hand a moment ago
	RoomReplaced     Reason = "room-replaced" // the same member connected from elsewhere
	RoomTooSlow      Reason = "room-too-slow" // the client did not read its events
	RoomUnsigned     Reason = "room-unsigned" // a moderator's command, or one to a room of another node, that is not signed
	RoomHostLost     Reason = "room-host-lost"
	RoomHushed       Reason = "room-hushed"      // a moderator muted them: a program of theirs cannot unmute
	RoomMembers      Reason = "room-members"     // no guests: the room is for members
	RoomChosen       Reason = "room-chosen"      // the room is for people whom its moderators chose, and the actor is none
	RoomChosenList   Reason = "room-chosen-list" // too many people, one twice, or no key
	RoomGuestsFull   Reason = "room-guests-full" // as many guests as a room, or one home or address, may bring
	GuestListens     Reason = "guest-listens"    // a guest asks for more than to listen in their room
	GuestMember      Reason = "guest-member"     // a guest's key is a member's
)

// What a scheduled room can be refused for.
const (
	ScheduleUnknown   Reason = "schedule-unknown"
	ScheduleZone      Reason = "schedule-zone"      // a time zone that this node does not know
	SchedulePast      Reason = "schedule-past"      // no date of it is left
	ScheduleFar       Reason = "schedule-far"       // its next date is more than two years away
	ScheduleGap       Reason = "schedule-gap"       // it starts at a time that the clocks skip
	ScheduleEarly     Reason = "schedule-early"     // it does not open yet
	ScheduleAuthor    Reason = "schedule-author"    // changed by another than who planned it
	ScheduleHost      Reason = "schedule-host"      // opened by another than its author and moderators
	ScheduleStale     Reason = "schedule-stale"     // it has been changed since
	ScheduleCancelled Reason = "schedule-cancelled" // for good
	ScheduleLimit     Reason = "schedule-limit"     // more than one member may plan at a time
	CalendarUnknown   Reason = "calendar-unknown"   // a subscription that was withdrawn, or never was
)

// What a node can refuse another for, about members who want into a room of its own.
const (
	EnterStale      Reason = "enter-stale"      // a nonce that is unknown, used, or older than a minute; another epoch or host
	TicketForged    Reason = "ticket-forged"    // for another room, host, member or enter
	TicketExpired   Reason = "ticket-expired"   // older than a minute
	ChainInvalid    Reason = "chain-invalid"    // the invite chain does not lead from the community's root to the member
	ActReplayed     Reason = "act-replayed"     // the number is not above the last, or the nonce is of another entry
	CommunityDenied Reason = "community-denied" // this node's policy
	NodeDenied      Reason = "node-denied"      // this node's policy
	HomeLimit       Reason = "home-limit"       // more people, hands or actions than one node or community may bring
	StreamInvalid   Reason = "stream-invalid"   // a message between nodes that cannot be read, or out of turn
)

// What an announcement, a checkpoint or a claim of another node can be refused for.
const (
	AnnounceInvalid Reason = "announce-invalid" // its parts do not belong together
	AnnounceHost    Reason = "announce-host"    // its signer does not host the room
	AnnounceEarly   Reason = "announce-early"   // dated more than two minutes ahead
	AnnounceStale   Reason = "announce-stale"   // expired, older than what is known, or after the room's end
	AnnounceFull    Reason = "announce-full"    // more rooms than a host, or all of them, may announce
	LogShrunk       Reason = "log-shrunk"
	LogInvalid      Reason = "log-invalid" // what a node serves is not what its checkpoint says
	ClaimInvalid    Reason = "claim-invalid"
	ClaimNotListed  Reason = "claim-not-listed"
	ClaimEpoch      Reason = "claim-epoch" // old, or too far ahead
	ClaimAlive      Reason = "claim-alive" // the host lives, or its side of the partition is the larger one
	AdmitLost       Reason = "admit-lost"  // another redeemed the same invite at another node, and theirs counts
)

// What a media offer can be refused for.
const (
	MediaSDP     Reason = "media-sdp"      // not an SDP offer that can be answered
	MediaSDPSize Reason = "media-sdp-size" // over 64 KiB or over 64 media lines
	MediaNoAudio Reason = "media-no-audio" // no audio line, or none that speaks Opus
	MediaBusy    Reason = "media-busy"     // too many handshakes at once
	MediaLegGone Reason = "media-leg-gone" // the connection named is not there
)

// What another program of a member can be refused for.
const (
	AppToken     Reason = "app-token"     // no token of this room, or one that is dead
	AppDirection Reason = "app-direction" // a token to listen where one speaks, or the other way round
	AppLimit     Reason = "app-limit"     // more programs than one member may connect
	AppLend      Reason = "app-lend"      // a token to speak is asked for, and no lend statement is sent
	AppETag      Reason = "app-etag"      // PATCH without If-Match
	AppStale     Reason = "app-stale"     // PATCH with If-Match for another ICE session
	AppFragment  Reason = "app-fragment"  // not application/trickle-ice-sdpfrag
	AppRestart   Reason = "app-restart"   // an ICE restart that did not work
)

//go:embed sentences.json
var sentencesJSON []byte

// entry is one row of sentences.json.
type entry struct {
	Status  int    `json:"status"`
	English string `json:"en"`
	French  string `json:"fr"`
}

var table = sync.OnceValue(readTable) //nolint:gochecknoglobals // an immutable table

func readTable() map[Reason]entry {
	var t map[Reason]entry
	if err := json.Unmarshal(sentencesJSON, &t); err != nil {
		panic(fmt.Sprintf("reason: sentences.json: %v", err)) // embedded at build time, held by a test
	}
	return t
}

// Known reports whether this version has the reason in its list.
func (r Reason) Known() bool {
	_, ok := table()[r]
	return ok
}

// Status is the HTTP status that carries this reason; 500 for one that is not in the list.
func (r Reason) Status() int {
	if e, ok := table()[r]; ok {
		return e.Status
	}
	return http.StatusInternalServerError
}

// Sentence says in the given language ("fr", else English) what happened and what to do.
func (r Reason) Sentence(lang string) string {
	e, ok := table()[r]
	if !ok {
		e = table()[Internal]
	}
	if lang == "fr" {
		return e.French
	}
	return e.English
}

// RejectError is a refusal: a reason, and a detail for whoever reads logs. The detail is never needed to act on it.
type RejectError struct {
	Reason Reason
	Detail string
}

// Error implements error.
func (e *RejectError) Error() string {
	if e.Detail == "" {
		return string(e.Reason)
	}
	return string(e.Reason) + ": " + e.Detail
}

// Is reports whether target is a RejectError of the same reason, whatever the detail.
func (e *RejectError) Is(target error) bool {
	var t *RejectError
	return errors.As(target, &t) && t.Reason == e.Reason
}

// Reject makes a refusal. The detail takes fmt verbs.
func Reject(r Reason, detail string, args ...any) error {
	return &RejectError{Reason: r, Detail: fmt.Sprintf(detail, args...)}
}

// Of finds the reason in an error chain; an error without one is Internal, nil is "".
func Of(err error) Reason {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*RejectError](err); ok {
		return e.Reason
	}
	return Internal
}
