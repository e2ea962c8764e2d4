package statement

// MaxAnnounceLife is how long, in seconds, an announcement may stand without being repeated.
const MaxAnnounceLife = 120

// MaxPeople bounds the counts of an announcement.
const MaxPeople = 1_000_000

// RoomState is what an announcement says of a room.
type RoomState string

// The states of an announced room.
const (
	RoomLive  RoomState = "live"
	RoomEnded RoomState = "ended"
)

// Announce tells other nodes of a room, and is repeated while it lives. Signed by the room's host. Never logged.
type Announce struct {
	Room      ID        `json:"aud"`
	IssuedAt  int64     `json:"iat"`
	Expires   int64     `json:"exp"`   // at most MaxAnnounceLife after iat
	Epoch     int64     `json:"epoch"` // of the host, from 1
	Number    int64     `json:"n"`     // of this host's announcements of the room in this epoch, rising: milliseconds since 1970
	State     RoomState `json:"state"`
	Stage     int64     `json:"stage"`     // people on the stage
	Listening int64     `json:"listening"` // people in the audience
}

// Kind implements Body.
func (*Announce) Kind() Kind { return KindAnnounce }

func (a *Announce) audience() string { return a.Room.String() }

func (a *Announce) check() error {
	return all(
		since(a.IssuedAt),
		soon(a.IssuedAt, a.Expires, MaxAnnounceLife),
		epoch(a.Epoch),
		within("n", a.Number, 1, MaxInt),
		oneOf("state", a.State, RoomLive, RoomEnded),
		within("stage", a.Stage, 0, MaxPeople),
		within("listening", a.Listening, 0, MaxPeople),
	)
}
