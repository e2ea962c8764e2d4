package statement

// MaxAnnounceLife is how long, in seconds, an announcement may stand without being repeated; MaxPlanLife, that of a room
// that is planned.
const (
	MaxAnnounceLife = 120
	MaxPlanLife     = 3 * 60 * 60
)

// MaxPeople bounds the counts of an announcement.
const MaxPeople = 1_000_000

// RoomState is what an announcement says of a room.
type RoomState string

// The states of an announced room.
const (
	RoomLive      RoomState = "live"
	RoomEnded     RoomState = "ended"
	RoomScheduled RoomState = "scheduled" // aud is the first schedule; nobody is there yet
)

// Announce tells other nodes of a room, and is repeated while it lives. Signed by the room's host; for a scheduled one, by
// any node of its community. Never logged.
type Announce struct {
	Room      ID        `json:"aud"`
	IssuedAt  int64     `json:"iat"`
	Expires   int64     `json:"exp"`   // at most MaxAnnounceLife, or MaxPlanLife, after iat
	Epoch     int64     `json:"epoch"` // of the host, from 1
	Number    int64     `json:"n"`     // of this host's announcements of the room in this epoch, rising: milliseconds since 1970
	State     RoomState `json:"state"`
	Stage     int64     `json:"stage"`          // people on the stage
	Listening int64     `json:"listening"`      // people in the audience, guests among them
	Entry     RoomEntry `json:"entry,omitzero"` // where it is no longer that of the create statement
}

// Kind implements Body.
func (*Announce) Kind() Kind { return KindAnnounce }

func (a *Announce) audience() string { return a.Room.String() }

func (a *Announce) check() error {
	life, people, last := int64(MaxAnnounceLife), int64(MaxPeople), int64(maxEpoch)
	if a.State == RoomScheduled {
		life, people, last = MaxPlanLife, 0, 1
	}
	return all(
		since(a.IssuedAt),
		soon(a.IssuedAt, a.Expires, life),
		within("epoch", a.Epoch, 1, last),
		within("n", a.Number, 1, MaxInt),
		oneOf("state", a.State, RoomLive, RoomEnded, RoomScheduled),
		within("stage", a.Stage, 0, people),
		within("listening", a.Listening, 0, people),
		roomEntryAgain(a.Entry),
	)
}
