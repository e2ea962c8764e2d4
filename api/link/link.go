// Package link holds the messages of /stoa/room/1: the stream between the home node of some members and the node that
// hosts the room they are in.
//
// The stream belongs to two nodes whose keys libp2p has authenticated. The home begins with a [Hello] and the host
// answers with a [Welcome]; from then on the home asks (each request has an id, and the [Answer] the same) and the host
// sends what happens. What a member does is signed by the member, so a home can neither invent nor repeat it; all a home
// can say by itself is that a member has gone or has fallen silent. A stream that begins with [Lost], [Takeover], [Invited],
// [Profile] or [Asks] carries that one message.
//
// A message is one JSON object, {"type": …, "body": …}, in one frame of at most [MaxFrame] bytes.
package link

import (
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// MaxFrame is the largest message, in bytes. A room with a full stage and a full queue of hands, with the longest names and
// questions that rooms.MaxAsked allows, all of characters that JSON escapes, is some 1,060,000.
const MaxFrame = 2 << 20

// Message is one message. The set is closed: the types of this package.
type Message interface{ name() string }

// What a home sends.
type (
	// Hello opens the stream for one room.
	Hello struct {
		Room  statement.ID `json:"room"`
		Epoch int64        `json:"epoch"` // the latest that the home knows of
	}

	// Ping asks for a sign of life, each second. Log is how many entries the home has verified of the log that the
	// room was created in: only who follows it may succeed the host.
	Ping struct {
		ID  int64 `json:"id"`
		Log int64 `json:"log"`
	}

	// AskNonce asks for the nonce of one entry of a member. The answer is a [Nonce].
	AskNonce struct {
		ID     int64              `json:"id"`
		Member identity.PublicKey `json:"member"`
	}

	// Enter brings a member in. The answer is an [Entered].
	Enter struct {
		ID      int64          `json:"id"`
		Enter   string         `json:"enter"`   // the member's statement
		Ticket  string         `json:"ticket"`  // the home's
		Profile string         `json:"profile"` // the member's, for their name
		Chain   jsontext.Value `json:"chain"`   // an export of the member's invite chain
	}

	// Act passes on what a member does.
	Act struct {
		ID     int64     `json:"id"`
		Act    string    `json:"act"`
		Reason *api.Text `json:"reason,omitzero"` // to which the act commits
	}

	// Log asks for what moderators did. The answer is an api.RoomLog.
	Log struct {
		ID int64 `json:"id"`
	}

	// Audience asks for a page of the people who listen. The answer is an api.Audience.
	Audience struct {
		ID     int64 `json:"id"`
		Offset int   `json:"offset"`
		Limit  int   `json:"limit"`
		// Query is a part of the names of those who are wanted; empty: everybody.
		Query string `json:"q,omitzero"`
	}

	// Media offers the connection for the audio. The answer is a [MediaAnswer].
	Media struct {
		ID  int64  `json:"id"`
		SDP string `json:"sdp"`
	}

	// Guests says how many people listen at the home who are no members, and asks whether they may. The host knows nothing
	// else of them. It refuses a number above the last that it agreed to; that one stands then.
	Guests struct {
		ID    int64 `json:"id"`
		Count int   `json:"count"`
	}

	// AskChosen asks, for a moderator, whom the moderators chose. The answer is an api.Chosen.
	AskChosen struct {
		ID     int64              `json:"id"`
		Member identity.PublicKey `json:"member"`
	}

	// Gone says that a member's connection to their home is lost.
	Gone struct {
		Member identity.PublicKey `json:"member"`
	}

	// Profile says that a member of the home calls themselves something else now, or has another picture. As the first
	// message of a stream it tells another node of the same community.
	Profile struct {
		Profile string `json:"profile"` // the member's statement
	}

	// Speak opens a member's microphone, because a program of theirs has begun to send by way of this home. The member's
	// lend statement allows it.
	Speak struct {
		ID   int64  `json:"id"`
		Lend string `json:"lend"`
	}

	// Silent mutes a member, because a program of theirs has ceased to send.
	Silent struct {
		Member identity.PublicKey `json:"member"`
	}

	// Removals are what a former host of the room brings along: removals of all epochs are united.
	Removals struct {
		Removed []rooms.Removal `json:"removed"`
	}
)

// What a host sends.
type (
	// Welcome lets a home in. Room is the room as it is now, for nobody in particular. Without it the room is for chosen
	// people: it is [Shown] when one of them is in it by way of that home.
	Welcome struct {
		Epoch  int64          `json:"epoch"`
		Tenure jsontext.Value `json:"tenure"`
		Room   jsontext.Value `json:"room,omitzero"` // an api.Snapshot
	}

	// Shown is the room as it is now, to a home that was not told of it. The events go on from there.
	Shown struct {
		Room jsontext.Value `json:"room"` // an api.Snapshot
	}

	// Answer answers the request with the same id: with a body, or with a reason why not.
	Answer struct {
		ID     int64          `json:"id"`
		Reason reason.Reason  `json:"reason,omitzero"`
		Detail string         `json:"detail,omitzero"`
		Body   jsontext.Value `json:"body,omitzero"`
	}

	// Event passes on one event of the room.
	Event struct {
		Event jsontext.Value `json:"event"`
	}

	// Left ends a member's presence by way of this home.
	Left struct {
		Member identity.PublicKey `json:"member"`
		Reason reason.Reason      `json:"reason"`
	}

	// Line says who may succeed the host, and where to find them.
	Line struct {
		List  string                          `json:"list"`
		Addrs map[identity.PublicKey][]string `json:"addrs"`
	}

	// Record is the durable part of the room, for those in line.
	Record struct {
		Record jsontext.Value `json:"record"`
	}

	// Refused ends the stream: why, for everybody who came by it.
	Refused struct {
		Reason reason.Reason `json:"reason"`
		Detail string        `json:"detail,omitzero"`
	}
)

// The bodies of answers.
type (
	// Nonce is what an enter has to carry within a minute.
	Nonce struct {
		Nonce string `json:"nonce"`
	}

	// Entered is a member's number in the room's audio: the CSRC.
	Entered struct {
		Number uint32 `json:"number"`
	}

	// MediaAnswer answers a media offer.
	MediaAnswer struct {
		SDP string `json:"sdp"`
	}
)

// What nodes tell one another, each in a stream of its own.
type (
	// Lost hands on a node's statement that the host is lost.
	Lost struct {
		Room statement.ID `json:"room"`
		Lost string       `json:"lost"`
	}

	// Invited tells the home of chosen people of a room that is for them alone, live or scheduled, instead of announcing it
	// to all. It says no more than whom of that home it concerns; the other nodes of the same community, which any member
	// may come to, hear of all of its members. The last one wins.
	Invited struct {
		Bundle jsontext.Value       `json:"bundle"` // the announcement
		People []identity.PublicKey `json:"people"`
	}

	// Asks tells another node of the same community that there is something new about who asks to join at this one. It is
	// read like what stands beside a log.
	Asks struct{}

	// Takeover says who hosts the room now, and proves it. The other side answers with a Takeover of its own if it
	// knows of one that prevails.
	Takeover struct {
		Room   statement.ID   `json:"room"`
		Tenure jsontext.Value `json:"tenure"`
	}
)

func (Hello) name() string     { return "hello" }
func (Ping) name() string      { return "ping" }
func (AskNonce) name() string  { return "ask_nonce" }
func (Enter) name() string     { return "enter" }
func (Act) name() string       { return "act" }
func (Log) name() string       { return "log" }
func (Audience) name() string  { return "audience" }
func (Media) name() string     { return "media" }
func (Guests) name() string    { return "guests" }
func (AskChosen) name() string { return "ask_chosen" }
func (Gone) name() string      { return "gone" }
func (Speak) name() string     { return "speak" }
func (Silent) name() string    { return "silent" }
func (Removals) name() string  { return "removals" }
func (Profile) name() string   { return "profile" }
func (Welcome) name() string   { return "welcome" }
func (Answer) name() string    { return "answer" }
func (Event) name() string     { return "event" }
func (Left) name() string      { return "left" }
func (Line) name() string      { return "line" }
func (Record) name() string    { return "record" }
func (Refused) name() string   { return "refused" }
func (Lost) name() string      { return "lost" }
func (Takeover) name() string  { return "takeover" }
func (Shown) name() string     { return "shown" }
func (Invited) name() string   { return "invited" }
func (Asks) name() string      { return "asks" }

// ErrMessage says that a frame holds no message of this version.
var ErrMessage = errors.New("link: not a message")

type envelope struct {
	Type string         `json:"type"`
	Body jsontext.Value `json:"body"`
}

// Encode writes a message.
func Encode(m Message) ([]byte, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("link: %s: %w", m.name(), err)
	}
	frame, err := json.Marshal(envelope{Type: m.name(), Body: body})
	if err != nil {
		return nil, fmt.Errorf("link: %s: %w", m.name(), err)
	}
	if len(frame) > MaxFrame {
		return nil, fmt.Errorf("link: a %s of %d bytes is too large", m.name(), len(frame))
	}
	return frame, nil
}

// Decode reads a message. Members that this version does not know are passed over, so that a newer node may say more;
// names that come twice, bad UTF-8 and unknown types are errors, which wrap [ErrMessage].
func Decode(frame []byte) (Message, error) {
	if len(frame) > MaxFrame {
		return nil, fmt.Errorf("%w: %d bytes", ErrMessage, len(frame))
	}
	var e envelope
	if err := json.Unmarshal(frame, &e); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	decode, known := decoders()[e.Type]
	if !known {
		return nil, fmt.Errorf("%w: no type %q", ErrMessage, e.Type)
	}
	m, err := decode(e.Body)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrMessage, e.Type, err)
	}
	return m, nil
}

// decoders has one decoder for each type.
func decoders() map[string]func([]byte) (Message, error) {
	return map[string]func([]byte) (Message, error){
		"hello": as[Hello], "ping": as[Ping], "ask_nonce": as[AskNonce], "enter": as[Enter], "act": as[Act], "log": as[Log],
		"audience": as[Audience], "media": as[Media], "guests": as[Guests],
		"ask_chosen": as[AskChosen], "gone": as[Gone], "profile": as[Profile], "removals": as[Removals],
		"speak": as[Speak], "silent": as[Silent],
		"welcome": as[Welcome], "answer": as[Answer], "event": as[Event], "left": as[Left], "line": as[Line],
		"record": as[Record], "refused": as[Refused], "lost": as[Lost], "takeover": as[Takeover], "shown": as[Shown],
		"invited": as[Invited], "asks": as[Asks],
	}
}

func as[M Message](body []byte) (Message, error) {
	var m M
	if err := Into(body, &m); err != nil {
		return nil, err
	}
	if n, ok := any(m).(named); ok && !n.complete() {
		return nil, errors.New("somebody without a key")
	}
	return m, nil
}

// named is a message about somebody, who must have a key.
type named interface{ complete() bool }

func (m AskNonce) complete() bool  { return !m.Member.IsZero() }
func (m AskChosen) complete() bool { return !m.Member.IsZero() }
func (m Gone) complete() bool      { return !m.Member.IsZero() }
func (m Silent) complete() bool    { return !m.Member.IsZero() }
func (m Left) complete() bool      { return !m.Member.IsZero() }
func (m Invited) complete() bool   { return !slices.ContainsFunc(m.People, identity.PublicKey.IsZero) }

func (m Removals) complete() bool {
	return !slices.ContainsFunc(m.Removed, func(r rooms.Removal) bool { return r.Key.IsZero() || r.By.IsZero() })
}

// Into reads the body of an answer, or another part that a message carries as it is.
func Into(body []byte, v any) error {
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("%w: %w", ErrMessage, err)
	}
	return nil
}

// Raw writes a part that a message carries as it is.
func Raw(v any) (jsontext.Value, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("link: %w", err)
	}
	return raw, nil
}

// Refuse is the answer that refuses a request.
func Refuse(id int64, err error) Answer {
	a := Answer{ID: id, Reason: reason.Of(err)}
	if reject, ok := errors.AsType[*reason.RejectError](err); ok {
		a.Detail = reject.Detail
	}
	if removed, ok := errors.AsType[*api.RemovedError](err); ok {
		a.Body, _ = Raw(removed.Removal) // texts of statements are ASCII, and names and reasons valid UTF-8
	}
	return a
}

// Told is a reason that another node gives, as it may be passed on to members: not one that this version does not know, nor
// one of those by which their own node speaks of their session, their keys and its addresses.
func Told(r reason.Reason) reason.Reason {
	switch r {
	case reason.SessionRequired, reason.SessionEnded, reason.SessionUnknown, reason.SessionChallenge, reason.AppToken,
		reason.MemberErased, reason.HostDenied, reason.OriginDenied:
		return reason.StreamInvalid
	default:
		if !r.Known() {
			return reason.StreamInvalid
		}
		return r
	}
}

// Err is why a request was refused; nil if it was not.
func (a Answer) Err() error {
	if a.Reason == "" {
		return nil
	}
	if removed := new(api.RemovedError); a.Reason == reason.RoomRemoved && len(a.Body) > 0 && Into(a.Body, &removed.Removal) == nil {
		return removed
	}
	return reason.Reject(Told(a.Reason), "%s", a.Detail)
}

// Snapshot reads the room of a welcome.
func (w Welcome) Snapshot() (api.Snapshot, error) { return snapshotOf(w.Room) }

// Snapshot reads the room.
func (s Shown) Snapshot() (api.Snapshot, error) { return snapshotOf(s.Room) }

func snapshotOf(raw jsontext.Value) (api.Snapshot, error) {
	event, err := api.DecodeEvent(raw)
	if err != nil {
		return api.Snapshot{}, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	snapshot, ok := event.(api.Snapshot)
	if !ok {
		return api.Snapshot{}, fmt.Errorf("%w: not a snapshot", ErrMessage)
	}
	return snapshot, nil
}
